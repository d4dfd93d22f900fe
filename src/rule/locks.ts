/** What rules ask about the locks of a transaction, and how they name what waits. */
import {
  blockingLocks,
  catalogEffects,
  existingScans,
  relationKey,
  strongestPerRelation,
} from '../core/effects.ts'
import { blocksReads, displayName } from '../core/locks.ts'
import type { Effect, LockEffect, Relation, ScanEffect } from '../core/model.ts'
import type { QueryView, StatementView, TransactionView } from './model.ts'
import { queryLevels, type QueryLevel } from '../sql/query-levels.ts'

/**
 * Locks that make queries of others wait and that earlier statements of the transaction took and still hold
 * when `view` begins; the strongest per relation.
 */
export function locksHeldBefore(transaction: TransactionView, view: StatementView): readonly LockEffect[] {
  // a context is a view too, but not the same object
  const index = transaction.statements.findIndex(({ statement }) => statement === view.statement)
  const earlier = transaction.statements.slice(0, Math.max(index, 0))
  const locks = earlier.flatMap(({ effects }) => blockingLocks(effects))
  return strongestPerRelation(locks.filter(({ until }) => until === 'commit'))
}

/** As {@link locksHeldBefore}, with those that the statement takes itself. */
export function locksDuring(transaction: TransactionView, view: StatementView): readonly LockEffect[] {
  return strongestPerRelation([...locksHeldBefore(transaction, view), ...blockingLocks(view.effects)])
}

/** The lock on this relation, or on the table that this index belongs to. */
export function lockOn(locks: readonly LockEffect[], relation: Relation): LockEffect | undefined {
  const keys: readonly (string | undefined)[] = [relationKey(relation), relation.table]
  return locks.find((lock) => keys.includes(relationKey(lock.relation)))
}

/** Full reads of relations that are under one of these locks meanwhile. */
export function scansUnder(
  locks: readonly LockEffect[],
  effects: readonly Effect[],
  ...reasons: readonly ScanEffect['reason'][]
): readonly ScanEffect[] {
  return existingScans(effects, ...reasons).filter(({ relation }) => lockOn(locks, relation) !== undefined)
}

/** The locks on the relations of these effects, each once. */
export function locksOn(
  locks: readonly LockEffect[],
  effects: readonly { readonly relation: Relation }[],
): readonly LockEffect[] {
  return [...new Set(effects.flatMap(({ relation }) => lockOn(locks, relation) ?? []))]
}

/** The lock on the table that a statement names; the schema counts only where the statement gives one. */
export function lockNamed(
  locks: readonly LockEffect[],
  name: { readonly schemaname?: string; readonly relname?: string } | undefined,
): LockEffect | undefined {
  return locks.find(
    ({ relation }) =>
      relation.name === name?.relname &&
      (name.schemaname === undefined || name.schemaname === relation.schema),
  )
}

/** What waits for these locks, in words: `reads and writes` or `writes`. */
export function waitsFor(locks: readonly LockEffect[]): 'reads and writes' | 'writes' {
  return locks.some(({ mode }) => blocksReads(mode)) ? 'reads and writes' : 'writes'
}

/** What waits, with the tables: `writes to orders`, `reads and writes of orders and users`. */
export function queriesOn(locks: readonly LockEffect[], tables: string): string {
  return waitsFor(locks) === 'writes' ? `writes to ${tables}` : `reads and writes of ${tables}`
}

/** The levels of a query under review; empty where our parser does not know its syntax. */
export function levelsOf({ query }: Pick<QueryView, 'query'>): readonly QueryLevel[] {
  return queryLevels(query.tag, query.node)
}

/** The beginning of a sentence. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** As {@link queriesOn}, one by one: `every write to orders`, `every read and write of orders`. */
export function everyQueryOn(locks: readonly LockEffect[], tables: string): string {
  return waitsFor(locks) === 'writes' ? `every write to ${tables}` : `every read and write of ${tables}`
}

/**
 * Names of relations as people call them, each once: `billing.invoices and orders`. Sorted, because the order of
 * effects is not the same in prediction and measurement, and fingerprints have to be.
 */
export function nameAll(relations: readonly Pick<Relation, 'schema' | 'name'>[]): string {
  return enumerate([...new Set(relations.map(displayName))].toSorted())
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerate(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** Between timestamp and timestamptz it depends on the TimeZone whether rows have to change: says which one counted. */
export function timeZoneNotes({ statement, effects, settings }: StatementView): readonly string[] {
  // an expression of the user's own is computed for every row anyway
  if (/\busing\b/i.test(statement.sql)) return []
  const depends = catalogEffects(effects, 'change type').some(
    ({ change: { from, to } }) => from !== to && from.startsWith('timestamp') && to.startsWith('timestamp'),
  )
  return depends ? [`TimeZone is ${settings.timeZone}: only under UTC do the rows stay as they are.`] : []
}
