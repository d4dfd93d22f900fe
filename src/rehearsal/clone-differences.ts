/**
 * Where a statement did something else on a clone of production than in the rehearsal: a table is rewritten as well, or
 * one locked that no migration tells of. Partitions, indexes and TOAST are part of their tables, and no difference.
 */
import { queriedKinds, relationKey } from '../core/effects.ts'
import { lockStrength, whatWaits } from '../core/locks.ts'
import type { Effect, LockEffect, Relation } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import type { CloneEffect, CloneOutcome, CloneStatement } from '../replay/clone-replay.ts'
import type { CloneRelations } from '../replay/clone-relations.ts'
import type { MeasuredStatement } from '../replay/measure.ts'
import type { Rehearsal } from './rehearse.ts'

/** One statement that both ran. */
export interface CloneDifference {
  readonly statement: CloneStatement
  /** On the clone alone. */
  readonly more: readonly CloneEffect[]
  /** In the rehearsal alone: locks that somebody waits for, and rewrites of ALTER TABLE. */
  readonly less: readonly CloneEffect[]
}

/** In the order of the run. */
export function cloneDifferences(
  { statements, relations }: Pick<CloneOutcome, 'statements' | 'relations'>,
  { migrations }: Pick<Rehearsal, 'migrations'>,
): readonly CloneDifference[] {
  const ran = new Map(
    statements.map((one) => [`${scriptKey(one.migration)}\0${one.statement.index}`, one] as const),
  )
  const [there, here] = [new Held(), new Held()]
  let transaction: number | undefined
  return migrations.flatMap(({ migration, statements: rehearsed }) =>
    rehearsed.flatMap((seen): readonly CloneDifference[] => {
      if (seen.statement.transaction !== transaction) for (const held of [there, here]) held.clear()
      transaction = seen.statement.transaction
      const statement = ran.get(`${scriptKey(migration)}\0${seen.statement.index}`)
      const locks = [...seen.effects.filter(isLock), ...(seen.gated ?? [])]
      here.add(locks)
      if (statement === undefined || seen.effects.some(({ kind }) => kind === 'error')) return []
      there.add(statement.effects.filter(isLock))
      const pair: Pair = { statement, seen, locks, relations, there, here }
      const [more, less] = [onCloneOnly(pair), inRehearsalOnly(pair)]
      return more.length + less.length === 0 ? [] : [{ statement, more, less }]
    }),
  )
}

interface Pair {
  readonly statement: CloneStatement
  readonly seen: MeasuredStatement
  /** Of the rehearsal. */
  readonly locks: readonly LockEffect[]
  readonly relations: CloneRelations
  readonly there: Held
  readonly here: Held
}

/** What one transaction holds, by who waits for it. */
class Held {
  private readonly levels = new Map<string, number>()

  clear(): void {
    this.levels.clear()
  }

  add(locks: readonly LockEffect[]): void {
    for (const { relation, mode } of locks) {
      // a schema of another name may stand in the search_path there
      for (const key of [relationKey(relation), relation.name, ...indexesOf(relation)])
        this.levels.set(key, Math.max(this.of(key), levelOf(mode)))
    }
  }

  of(key: string): number {
    return this.levels.get(key) ?? 0
  }
}

const [maintenanceWaits, writesWait, readsWait] = [1, 2, 3]

function levelOf(mode: LockEffect['mode']): number {
  if (lockStrength(mode) < lockStrength('ShareUpdateExclusiveLock')) return 0
  const levels = { 'schema changes and vacuum': maintenanceWaits, writes: writesWait }
  return levels[whatWaits(mode) as keyof typeof levels] ?? readsWait
}

/** An index stands for all indexes of its table. */
function indexesOf({ kind, table }: Relation): readonly string[] {
  return isIndex(kind) && table !== undefined ? [`indexes of ${table}`] : []
}

function onCloneOnly(pair: Pair): readonly CloneEffect[] {
  const { statement, seen, relations, here } = pair
  const isSeen = (relation: Relation, kinds: readonly Effect['kind'][]): boolean =>
    isAmong(seen.effects, relation, kinds, relations)
  const rewritten = new Set(
    statement.effects.flatMap(({ kind, relation }) => (kind === 'rewrite' ? relationKey(relation) : [])),
  )
  return statement.effects.filter((effect) => {
    const { kind, relation } = effect
    switch (kind) {
      case 'rewrite':
      case 'truncate':
        return !isSeen(relation, newFiles)
      case 'scan':
        return (
          !rewritten.has(relationKey(relation)) &&
          !isSeen(relation, ['scan', ...newFiles]) &&
          isReadAnew(pair, relation)
        )
      case 'lock': {
        const keys = [...familyOf(relation, relations), ...indexesOf(relation)]
        const level = levelOf(effect.mode)
        return (
          isFelt(relation, level) &&
          !isOfLocked(pair, relation, level) &&
          keys.every((key) => here.of(key) < level)
        )
      }
    }
  })
}

/** An index whose table the clone shows to be locked as much. */
function isOfLocked({ there }: Pair, { kind, table }: Relation, level: number): boolean {
  return isIndex(kind) && table !== undefined && there.of(table) >= level
}

const newFiles: readonly Effect['kind'][] = ['rewrite', 'truncate']

/** An empty table is nothing to read; how a foreign key's check finds the other table's rows is the planner's affair. */
function isReadAnew({ statement, seen, relations, here }: Pair, relation: Relation): boolean {
  const key = relationKey(relation)
  if (!statement.rowsRead.some((one) => relationKey(one.relation) === key && one.rows > 0)) return false
  const scansHere = seen.effects.some(({ kind }) => kind === 'scan')
  return !scansHere || familyOf(relation, relations).every((name) => here.of(name) === 0)
}

/** Of relations that the clone has; it is watched as closely where ALTER TABLE rewrites. */
function inRehearsalOnly({ statement, seen, locks, relations, there }: Pair): readonly CloneEffect[] {
  const isThere = (relation: Relation): boolean =>
    relation.existedBefore && !isIndex(relation.kind) && relations.has(relationKey(relation))
  const rewrites = seen.effects.filter(
    (effect) =>
      effect.kind === 'rewrite' &&
      seen.statement.tag === 'AlterTableStmt' &&
      isThere(effect.relation) &&
      !statement.effects.some(
        ({ kind, relation }) => newFiles.includes(kind) && relation.name === effect.relation.name,
      ),
  )
  const missing = locks.filter(({ relation, mode, until }) => {
    const level = levelOf(mode)
    if (until !== 'commit' || !isThere(relation) || !isFelt(relation, level)) return false
    return familyOf(relation, relations).every((key) => there.of(key) < level)
  })
  return [...rewrites.filter((effect) => effect.kind === 'rewrite'), ...missing]
}

/** Does the application wait for it? Whoever locks an index stops the planner, which locks all of a table. */
function isFelt({ kind, existedBefore, table }: Relation, level: number): boolean {
  if (!existedBefore) return false
  if (isIndex(kind)) return table !== undefined && level >= readsWait
  return queriedKinds.has(kind) && level >= (kind === 'materialized view' ? readsWait : writesWait)
}

function isIndex(kind: Relation['kind']): boolean {
  return kind === 'index' || kind === 'partitioned index'
}

/** What stands for it: itself, in whatever schema, its table, and what it is a part of. */
function familyOf({ schema, name, table }: Relation, relations: CloneRelations): readonly string[] {
  const key = `${schema}.${name}`
  const own = table === undefined ? [key] : [key, table]
  return [name, ...own, ...own.flatMap((one) => relations.ancestorsOf(one))]
}

/** Of a partition it is enough that the rehearsal did it to any. */
function isAmong(
  effects: readonly Effect[],
  relation: Relation,
  kinds: readonly Effect['kind'][],
  relations: CloneRelations,
): boolean {
  const family = new Set(familyOf(relation, relations))
  const isPart = relations.ancestorsOf(relation.table ?? relationKey(relation)).length > 0
  return effects.some(
    (effect) =>
      kinds.includes(effect.kind) &&
      'relation' in effect &&
      (isPart || familyOf(effect.relation, relations).some((key) => family.has(key))),
  )
}

function isLock(effect: Effect): effect is LockEffect {
  return effect.kind === 'lock'
}
