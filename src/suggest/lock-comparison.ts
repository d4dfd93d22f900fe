/** Whether migrations lock less than others that lead to the same schema. */
import { blocksReads, blocksWrites, displayKey, lockStrength } from '../core/locks.ts'
import type { Effect, LockMode, MigrationResult, Relation, Statement } from '../core/model.ts'

/** What others go through on one table. */
interface TableLocks {
  /** The strongest lock. */
  readonly strongest: LockMode
  /** The strongest lock under which the table, or another, is read, written or rewritten as a whole. */
  readonly atWork?: LockMode
}

/** The locks of some migrations on tables, views and sequences that existed before the run. */
export interface LockProfile {
  /** By `schema.name`. */
  readonly tables: ReadonlyMap<string, TableLocks>
  /** As many of them are locked against writes at once, at most. */
  readonly together: number
  /** The longest that one of these locks is waited for, in milliseconds; absent: without a limit, or there is none. */
  readonly waitMs?: number
}

/** What came of comparing two profiles: a clause for a receipt, or what is worse. */
export type LockComparison =
  | { readonly verdict: 'less' | 'same'; readonly says: string }
  | { readonly verdict: 'more'; readonly why: string }

/** Statements of a run, by the transaction in which they commit. */
type Place = (migration: MigrationResult['migration'], statement: Statement) => boolean

/**
 * The locks of the transactions in which at least one statement is `counted`.
 * @param during `statements`: only while these run, what their transaction has locked before included
 */
export function lockProfile(
  results: readonly MigrationResult[],
  counted: Place,
  during: 'transactions' | 'statements' = 'transactions',
): LockProfile {
  const transactions = new Map<number, readonly TimedEffects[]>()
  const wanted = new Set<number>()
  const waits: number[] = []
  for (const { migration, statements } of results) {
    for (const { statement, effects, settings } of statements) {
      const { transaction } = statement
      const isCounted = counted(migration, statement)
      const told = isCounted || during === 'transactions'
      transactions.set(transaction, [...(transactions.get(transaction) ?? []), { effects, told }])
      if (!isCounted) continue
      wanted.add(transaction)
      if (effects.some(isHarmfulLock)) waits.push(settings.lockTimeoutMs || Number.POSITIVE_INFINITY)
    }
  }
  const profiles = [...wanted].map((number) => ofTransaction(transactions.get(number) ?? []))
  const waitMs = Math.max(0, ...waits)
  const tables = new Map<string, TableLocks>()
  for (const profile of profiles)
    for (const [table, locks] of profile.tables) tables.set(table, stronger(tables.get(table), locks))
  return {
    tables,
    together: Math.max(0, ...profiles.map(({ together }) => together)),
    ...(waitMs > 0 && Number.isFinite(waitMs) ? { waitMs } : {}),
  }
}

function isHarmfulLock(effect: Effect): boolean {
  return effect.kind === 'lock' && counts(effect.relation) && harm(effect.mode) > 0
}

interface TimedEffects {
  readonly effects: readonly Effect[]
  /** Does the time of the statement count? */
  readonly told: boolean
}

function ofTransaction(statements: readonly TimedEffects[]): LockProfile {
  const held = new Map<string, LockMode>()
  const tables = new Map<string, TableLocks>()
  for (const { effects, told } of statements) {
    const during = new Map(held)
    for (const effect of effects) {
      if (effect.kind !== 'lock' || !counts(effect.relation)) continue
      const table = keyOf(effect.relation)
      during.set(table, strongerMode(during.get(table), effect.mode))
      if (effect.until === 'commit') held.set(table, strongerMode(held.get(table), effect.mode))
    }
    if (!told) continue
    const works = effects.some(isWork)
    for (const [table, mode] of during) {
      const locks = works ? { strongest: mode, atWork: mode } : { strongest: mode }
      tables.set(table, stronger(tables.get(table), locks))
    }
  }
  return { tables, together: [...held.values()].filter(blocksWrites).length }
}

/** Work that grows with a table that was there before. */
function isWork(effect: Effect): boolean {
  if (effect.kind === 'write') return effect.relation.existedBefore && effect.reach !== 'bounded'
  return (effect.kind === 'scan' || effect.kind === 'rewrite') && effect.relation.existedBefore
}

function counts({ kind, existedBefore }: Relation): boolean {
  return existedBefore && kind !== 'index' && kind !== 'partitioned index' && kind !== 'toast table'
}

function keyOf({ schema, name }: Relation): string {
  return `${schema}.${name}`
}

function strongerMode(a: LockMode | undefined, b: LockMode): LockMode {
  return a === undefined || lockStrength(b) > lockStrength(a) ? b : a
}

function stronger(a: TableLocks | undefined, b: TableLocks): TableLocks {
  if (a === undefined) return b
  const atWork = b.atWork === undefined ? a.atWork : strongerMode(a.atWork, b.atWork)
  const strongest = strongerMode(a.strongest, b.strongest)
  return atWork === undefined ? { strongest } : { strongest, atWork }
}

/** Who waits for it: nobody but schema changes (0), writes (1), reads too (2). */
function harm(mode: LockMode | undefined): number {
  if (mode === undefined) return -1
  return blocksReads(mode) ? 2 : blocksWrites(mode) ? 1 : 0
}

/**
 * Compares the locks of a remedy with those of what it stands for, table by table: first those that last as long as
 * work on rows does, then those of an instant. A lock that makes nobody wait but schema changes is never worse.
 * @param about what the finding is about, as displayName() writes it, or a part of it: the table to speak of, if it gains
 */
export function compareLocks(before: LockProfile, after: LockProfile, about = ''): LockComparison {
  for (const [table, locks] of after.tables) {
    const worse = whatIsWorse(table, before.tables.get(table), locks)
    if (worse !== undefined) return { verdict: 'more', why: worse }
  }
  const isMeant = (table: string): number => (`${about}.`.startsWith(`${displayKey(table)}.`) ? 0 : 1)
  const gains = [...before.tables]
    .toSorted(([a], [b]) => isMeant(a) - isMeant(b))
    .flatMap(([table, old]) => gain(table, old, after.tables.get(table)))
  const byReason = new Map<string, string[]>()
  for (const { reason, table } of gains) byReason.set(reason, [...(byReason.get(reason) ?? []), table])
  const [[reason, tables] = ['', []]] = byReason
  if (reason !== '') return { verdict: 'less', says: reason.replace('{}', () => listed(tables)) }
  if (after.together < before.together)
    return {
      verdict: 'less',
      says: `at most ${after.together} ${after.together === 1 ? 'table is' : 'tables are'} locked at once instead of ${before.together}`,
    }
  if (after.waitMs !== undefined && before.waitMs === undefined)
    return { verdict: 'less', says: `the same locks, each waited for at most ${after.waitMs / 1000} s` }
  return { verdict: 'same', says: 'the same locks' }
}

function whatIsWorse(table: string, old: TableLocks | undefined, now: TableLocks): string | undefined {
  const [workBefore, workNow] = [harm(old?.atWork), harm(now.atWork)]
  if (workNow > Math.max(0, workBefore)) return `it works under ${now.atWork} on ${displayKey(table)}`
  const isInstant = workNow < workBefore
  if (isInstant || harm(now.strongest) <= Math.max(0, harm(old?.strongest))) return undefined
  return `it takes ${now.strongest} on ${displayKey(table)}`
}

interface Gain {
  /** `{}` stands for the tables. */
  readonly reason: string
  readonly table: string
}

function gain(table: string, old: TableLocks, now: TableLocks | undefined): readonly Gain[] {
  if (harm(old.strongest) < 1) return []
  const name = displayKey(table)
  if (now === undefined) return [{ table: name, reason: `no ${old.strongest} on {}` }]
  if (lockStrength(now.strongest) < lockStrength(old.strongest))
    return [{ table: name, reason: `${now.strongest} instead of ${old.strongest} on {}` }]
  const { atWork } = old
  if (atWork === undefined || harm(atWork) < 1) return []
  if (now.atWork === undefined)
    return [{ table: name, reason: `${atWork} on {} for an instant, without work under it` }]
  if (lockStrength(now.atWork) >= lockStrength(atWork)) return []
  return [
    {
      table: name,
      reason: `${now.atWork} instead of ${atWork} on {} during the work, and ${now.strongest} for an instant`,
    },
  ]
}

function listed(tables: readonly string[]): string {
  const shown = tables.slice(0, 3)
  const more = tables.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
