import type { Migration, Query, ReviewedQuery, TransactionMode } from '../../src/core/model.ts'
import {
  checkCompatibility,
  type Compatibility,
  type CompatibilityOptions,
} from '../../src/compatibility/check-compatibility.ts'
import type { CompatibilityEffect } from '../../src/compatibility/query-effects.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { prepareBase } from '../../src/replay/prepare-history.ts'
import { queryStage, type QueryStage } from '../../src/replay/query-stage.ts'
import { sessionOptionsOf, type ReplayRequest } from '../../src/replay/replay.ts'
import { standIn } from '../../src/replay/stand-in.ts'
import { parseScript, parseStatement } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from '../sql/scripts.ts'

export interface Files {
  /** Runs before, statement by statement. */
  readonly setup: string
  /** The migrations under review, in order; each of this mode. */
  readonly review: readonly string[]
  readonly mode?: TransactionMode
}

/** A query in both revisions, or `{ old?, new? }`. */
export type QueryTexts = Readonly<Record<string, string | { readonly old?: string; readonly new?: string }>>

/** Runs `use` with the databases before and after the migrations. */
export async function withStage<T>(
  server: PostgresServer,
  { setup, review, mode = 'file' }: Files,
  use: (stage: QueryStage) => Promise<T>,
): Promise<T> {
  const history = layOutTransactions([parseScript(script(setup, 'statement'))], false)
  const migrations = layOutTransactions(
    review.map((text, index) => parseScript({ ...script(text, mode), file: `V${index + 1}.sql` })),
    mode === 'run',
  )
  return withMigrations(server, history, migrations, use)
}

/** As {@link withStage}, of what has been read already. */
export async function withMigrations<T>(
  server: PostgresServer,
  history: readonly Migration[],
  review: readonly Migration[],
  use: (stage: QueryStage) => Promise<T>,
): Promise<T> {
  const request: ReplayRequest = {
    server,
    history,
    review,
    sharesSession: review[0]?.transaction.mode === 'run',
    settings: { TimeZone: 'UTC' },
    roles: [],
    statementTimeoutMs: 60_000,
    signal: new AbortController().signal,
    progress: () => {},
  }
  const sessionOptions = sessionOptionsOf(request)
  const { base, failedSteps } = await prepareBase(
    { ...request, sessionOptions, prepare: (statement) => standIn(server, statement, false) },
    undefined,
  )
  if (failedSteps.length > 0) throw new Error(failedSteps.map(({ message }) => message).join('\n'))
  const empty = queryStage(request, base, undefined, sessionOptions)
  const left = await empty.copyBefore()
  const failed = await empty.apply(left, review)
  try {
    return await use(queryStage(request, base, failed.length === 0 ? left : undefined, sessionOptions))
  } finally {
    await server.dropDatabase(left)
    await server.dropDatabase(base)
  }
}

/** The queries of an application. */
export function reviewed(texts: QueryTexts): readonly ReviewedQuery[] {
  return Object.entries(texts).map(([name, text]) => {
    if (typeof text === 'string') {
      const query = queryOf(name, text)
      return { id: name, old: query, new: query }
    }
    return {
      id: name,
      ...(text.old === undefined ? {} : { old: queryOf(name, text.old) }),
      ...(text.new === undefined ? {} : { new: queryOf(name, text.new) }),
    }
  })
}

function queryOf(name: string, sql: string): Query {
  const { tag, node } = parseStatement(sql)
  const start = { line: 1, column: 1, offset: 0 }
  return {
    name,
    style: 'named SQL',
    span: { file: 'queries.sql', start, end: start },
    text: sql,
    sql,
    parameters: [],
    tag,
    node,
  }
}

/** What is found out about these queries. */
export async function check(
  server: PostgresServer,
  files: Files,
  texts: QueryTexts,
  options: Partial<CompatibilityOptions> = {},
): Promise<Compatibility> {
  return withStage(server, files, (stage) =>
    checkCompatibility(stage, reviewed(texts), { budgetMs: 60_000, progress: () => {}, ...options }),
  )
}

/** One line per effect or reason: `V1.sql:2 old code on new schema: missing column 42703 public.orders.note`. */
export function lines({ results }: Compatibility): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    [...results].map(([id, { effects, notCheckable }]) => [
      id,
      [...effects.map(lineOf), ...(notCheckable === undefined ? [] : [`not checkable: ${notCheckable}`])],
    ]),
  )
}

function lineOf(effect: CompatibilityEffect): string {
  const { cause } = effect
  const at = cause === undefined ? '?' : `${cause.file}:${cause.index}`
  if (effect.kind === 'cached plan') return `${at} cached plan`
  if (effect.kind === 'result change') {
    const changes = effect.changes.map((change) => {
      switch (change.type) {
        case 'column renamed':
          return `${change.column} renamed to ${change.to}`
        case 'order changed':
          return `order changed to ${change.columns.join(', ')}`
        case 'type changed':
          return `${change.column} changed from ${change.from} to ${change.to}`
        default:
          return `${change.column} ${change.type}`
      }
    })
    return `${at} result${effect.star ? ' of *' : ''}: ${changes.join('; ')}`
  }
  const { when, reason, sqlstate, object, until, evidence } = effect
  const end = until === undefined ? '' : ` until ${until.file}:${until.index}`
  const known = evidence === 'derived' ? ' (derived)' : ''
  const name = object === undefined ? '' : ` ${object}`
  return `${at} ${when}: ${reason} ${sqlstate}${name}${end}${known}`
}
