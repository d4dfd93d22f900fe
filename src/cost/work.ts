import { relationKey } from '../core/effects.ts'
import type { Effect, Relation, StatementResult, WriteEffect } from '../core/model.ts'
import type { Work, WorkKind, WorkPart } from './model.ts'
import {
  addedIndexMethod,
  copiesServerFile,
  createsWithQuery,
  foreignKeyTables,
  isAnalyze,
  isPlainVacuum,
  loopsInBlock,
  mayHideWork,
  refreshOf,
} from './work-statement.ts'

/**
 * What of a statement takes longer the larger production is, from its effects: heaps that are read, rewritten or
 * written without bound, indexes that are built. Only relations that existed before the run count: what the run
 * itself creates is as small here as in production, unless it is filled from others, and then those count.
 */
export function workOf({ statement, effects }: Pick<StatementResult, 'statement' | 'effects'>): Work {
  const refresh = refreshOf(statement)
  // WITH NO DATA leaves the materialized view empty
  if (refresh === 'empty') return { growth: 'metadata only', parts: [] }
  // of REFRESH what its query reads decides: how large the result is follows from that
  const sources = refresh === 'filled' ? readParts(effects, 'scan') : []
  const writes = writeParts(statement, effects)
  const files = sources.length > 0 ? [] : fileParts(effects)
  const parts = withoutRepetition([
    ...files,
    ...writes,
    ...scanParts(statement, effects),
    ...referencedParts(statement, effects),
    ...sources,
    ...(createsWithQuery(statement) ? readParts(effects, 'write') : []),
    ...maintenanceParts(statement, effects),
    ...cascadeParts(statement, effects),
  ])
  if (parts.length > 0) return { growth: 'grows', parts }
  const isOpen = mayHideWork(statement, effects) || copiesServerFile(statement)
  return { growth: isOpen ? 'unknown' : 'metadata only', parts }
}

/** New heaps, and indexes that are built anew one by one. */
function fileParts(effects: readonly Effect[]): readonly WorkPart[] {
  const parts: WorkPart[] = []
  for (const effect of effects) {
    if (effect.kind !== 'rewrite' || !effect.relation.existedBefore) continue
    const { relation, cause } = effect
    if (relation.kind !== 'index') {
      parts.push({ kind: cause === 'tablespace' ? 'copy files' : 'rewrite', relation: named(relation) })
    } else {
      const kind = cause === 'tablespace' ? 'copy files' : 'index build'
      parts.push({ kind, relation: tableOf(relation), index: relationKey(relation) })
    }
  }
  return parts
}

/** DDL's own scans and those of queries. */
function scanParts(statement: StatementResult['statement'], effects: readonly Effect[]): readonly WorkPart[] {
  const keys = foreignKeyTables(statement, effects)
  const parts: WorkPart[] = []
  for (const effect of effects) {
    if (effect.kind !== 'scan' || !effect.relation.existedBefore) continue
    const relation = named(effect.relation)
    if (effect.reason === 'build index') {
      const method = addedIndexMethod(statement)
      parts.push({ kind: 'index build', relation, ...(method === undefined ? {} : { method }) })
    } else if (effect.reason === 'rewrite') {
      parts.push({ kind: 'rewrite', relation })
    } else {
      const isKey = effect.reason === 'validate' && keys !== undefined && !keys.referenced(effect.relation)
      parts.push({ kind: isKey ? 'foreign key' : 'scan', relation })
    }
  }
  return parts
}

/**
 * Tables that a foreign key looks its rows up in. On small tables the planner reads them through an index, or not at
 * all, so that no scan of them shows.
 */
function referencedParts(
  statement: StatementResult['statement'],
  effects: readonly Effect[],
): readonly WorkPart[] {
  const keys = foreignKeyTables(statement, effects)
  if (keys === undefined) return []
  const checksRows = effects.some(
    (effect) => effect.kind === 'scan' && effect.relation.existedBefore && !keys.referenced(effect.relation),
  )
  if (!checksRows) return []
  return effects.flatMap((effect) =>
    effect.kind === 'lock' &&
    effect.relation.existedBefore &&
    hasHeap(effect.relation) &&
    keys.referenced(effect.relation)
      ? [{ kind: 'scan', relation: named(effect.relation) }]
      : [],
  )
}

/**
 * Writes of as many rows as there are. How many an INSERT brings depends on what it reads; where its sources cannot be
 * told from its locks (they are held already), its own table stands in. A loop repeats a write that is bounded.
 */
function writeParts(
  statement: StatementResult['statement'],
  effects: readonly Effect[],
): readonly WorkPart[] {
  const loops = loopsInBlock(statement)
  const parts: WorkPart[] = []
  for (const effect of effects) {
    if (effect.kind !== 'write' || (effect.reach === 'bounded' && !(loops && effect.relation.existedBefore)))
      continue
    if (effect.command === 'COPY') continue
    const sources =
      effect.command === 'INSERT' && effect.reach !== 'bounded' ? sourcesOf(effect, effects) : []
    if (sources.length > 0) {
      parts.push(...sources.map((relation): WorkPart => ({ kind: 'write', relation })))
    } else if (effect.relation.existedBefore) {
      parts.push({ kind: 'write', relation: named(effect.relation) })
    }
  }
  return parts
}

/** Existing tables that an INSERT … SELECT reads. */
function sourcesOf(write: WriteEffect, effects: readonly Effect[]): readonly WorkPart['relation'][] {
  const scanned = effects.flatMap((effect) =>
    effect.kind === 'scan' && effect.reason === 'read' && effect.relation.existedBefore
      ? [named(effect.relation)]
      : [],
  )
  const read = readParts(effects, 'write').map(({ relation }) => relation)
  return [...scanned, ...read].filter(
    (one) => relationKey(one) !== relationKey(write.relation) || one === scanned[0],
  )
}

/** Existing tables that a query of the statement reads, as its AccessShareLocks tell. */
function readParts(effects: readonly Effect[], kind: WorkKind): readonly WorkPart[] {
  return effects.flatMap((effect) =>
    effect.kind === 'lock' &&
    effect.mode === 'AccessShareLock' &&
    effect.relation.existedBefore &&
    hasHeap(effect.relation)
      ? [{ kind, relation: named(effect.relation) }]
      : [],
  )
}

/** VACUUM reads heap and indexes, ANALYZE a sample: neither shows as a scan, so the locks tell the tables. */
function maintenanceParts(
  statement: StatementResult['statement'],
  effects: readonly Effect[],
): readonly WorkPart[] {
  const kind = isPlainVacuum(statement) ? 'scan' : isAnalyze(statement) ? 'analyze' : undefined
  if (kind === undefined) return []
  return effects.flatMap((effect) =>
    effect.kind === 'lock' &&
    effect.mode === 'ShareUpdateExclusiveLock' &&
    effect.relation.existedBefore &&
    hasHeap(effect.relation)
      ? [{ kind, relation: named(effect.relation) }]
      : [],
  )
}

/**
 * DELETE looks for rows that reference the deleted ones, and reads the referencing table whole where its key has no
 * index. Effects do not tell whether it has one: samples do.
 */
function cascadeParts(
  { tag }: StatementResult['statement'],
  effects: readonly Effect[],
): readonly WorkPart[] {
  if (tag !== 'DeleteStmt') return []
  const target = effects.find(
    (effect): effect is WriteEffect => effect.kind === 'write' && effect.command === 'DELETE',
  )
  // the partitions of the target are locked in the same way
  if (target === undefined || target.relation.kind === 'partitioned table') return []
  return effects.flatMap((effect) =>
    effect.kind === 'lock' &&
    (effect.mode === 'RowShareLock' || effect.mode === 'RowExclusiveLock') &&
    effect.relation.existedBefore &&
    effect.relation.kind === 'table' &&
    relationKey(effect.relation) !== relationKey(target.relation)
      ? [{ kind: 'scan', relation: named(effect.relation) }]
      : [],
  )
}

/** What also covers other work on the same table, strongest first: a rewrite checks and rebuilds on its way. */
const covers: Readonly<Partial<Record<WorkKind, ReadonlySet<WorkKind>>>> = {
  rewrite: new Set(['rewrite', 'index build', 'scan', 'write']),
  'copy files': new Set(['copy files']),
  write: new Set(['scan', 'write']),
  'foreign key': new Set(['foreign key', 'scan']),
  scan: new Set(['scan']),
  analyze: new Set(['analyze']),
}

function withoutRepetition(parts: readonly WorkPart[]): readonly WorkPart[] {
  const kept: WorkPart[] = []
  for (const part of parts.toSorted((a, b) => rank(a) - rank(b))) {
    const key = relationKey(part.relation)
    const others = kept.filter(({ relation }) => relationKey(relation) === key)
    const isCovered = others.some(({ kind }) => covers[kind]?.has(part.kind) === true)
    // REINDEX names each index; the scan that it began with is theirs
    const isOwnScan =
      part.kind === 'index build' &&
      part.index === undefined &&
      others.some(({ index }) => index !== undefined)
    if (!isCovered && !isOwnScan) kept.push(part)
  }
  return kept
}

const ranks: readonly WorkKind[] = [
  'rewrite',
  'copy files',
  'write',
  'foreign key',
  'index build',
  'scan',
  'analyze',
]

function rank({ kind, index }: WorkPart): number {
  return ranks.indexOf(kind) * 2 + (index === undefined ? 1 : 0)
}

function hasHeap({ kind }: Relation): boolean {
  return kind === 'table' || kind === 'materialized view'
}

function named({ schema, name, kind }: Relation): WorkPart['relation'] {
  return { schema, name, kind }
}

/** The table of an index; the index itself where no file tells its table. */
function tableOf(index: Relation): WorkPart['relation'] {
  const { table } = index
  if (table === undefined) return named(index)
  const dot = table.indexOf('.')
  return { schema: table.slice(0, dot), name: table.slice(dot + 1), kind: 'table' }
}
