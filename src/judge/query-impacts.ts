import type { MigrationResult, Statement } from '../core/model.ts'
import {
  latest,
  queryRef,
  queryState,
  type IndexUse,
  type QueriesOutcome,
  type QueryEffect,
  type StatementRef,
} from '../core/query-model.ts'
import type { StatementQueries } from '../rule.ts'

type Impact = StatementQueries['impacts'][number]

/** What the statements under review do to the application's queries. */
export interface Impacts {
  of(statement: Statement): StatementQueries
}

/**
 * Gives each statement the effects that it causes and the indexes that it creates or drops. What the migrations cause,
 * nobody knows which of their statements, is put to the last of them: with that the new schema is there.
 */
export function impactsOf(migrations: readonly MigrationResult[], outcome: QueriesOutcome): Impacts {
  const impacts = new Map<string, Impact[]>()
  const indexes = new Map<string, IndexUse[]>()
  const last = lastStatement(migrations)
  for (const { reviewed, effects } of outcome.results) {
    for (const effect of effects) {
      const cause = causeOf(effect, last)
      if (cause === undefined) continue
      const key = keyOf(cause)
      const known = impacts.get(key) ?? []
      const stays = reviewed.new !== undefined && queryState(reviewed) === 'unchanged'
      known.push({ query: queryRef(reviewed), sql: latest(reviewed).sql, effect, stays })
      impacts.set(key, known)
    }
  }
  for (const use of outcome.indexes) {
    const key = keyOf(use.statement)
    indexes.set(key, [...(indexes.get(key) ?? []), use])
  }
  return {
    of: ({ span: { file }, index }) => {
      const key = keyOf({ file, index })
      return { impacts: impacts.get(key) ?? [], indexes: indexes.get(key) ?? [] }
    },
  }
}

type Place = Pick<StatementRef, 'file' | 'index'>

/** Undefined for what no migration causes: a query that reads a large table, new code that never works. */
function causeOf(effect: QueryEffect, last: Place | undefined): Place | undefined {
  if (effect.kind === 'table read') return undefined
  if (effect.kind === 'break' && effect.when === 'new code on new schema') return effect.cause
  return effect.cause ?? last
}

/** The last that is no COMMIT or its like. */
function lastStatement(migrations: readonly MigrationResult[]): Place | undefined {
  const found = migrations
    .flatMap(({ migration }) => migration.statements)
    .findLast(({ tag }) => tag !== 'TransactionStmt')
  return found === undefined ? undefined : { file: found.span.file, index: found.index }
}

function keyOf({ file, index }: Place): string {
  return `${index} ${file}`
}
