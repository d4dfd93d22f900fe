import type { Migration, Query, ReviewedQuery } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import type { QueryStage } from '../../src/replay/query-stage.ts'
import { parseOne } from '../../src/sql/parse-one.ts'

/** A query that is in both revisions, named by its SQL. */
export function queryOf(sql: string, name = sql): ReviewedQuery {
  const parsed = parseOne(sql)
  const numbers = new Set([...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))
  const query: Query = {
    name,
    style: 'plain SQL',
    text: sql,
    sql,
    parameters: [...numbers].toSorted((a, b) => a - b).map((number) => ({ number })),
    tag: parsed?.tag ?? 'Unparsed',
    node: parsed?.value as Query['node'],
  }
  return { id: name, old: query, new: query }
}

/** A stage of which only the old schema is used. */
export function stageOf(
  server: PostgresServer,
  before: string,
  review: readonly Migration[] = [],
): QueryStage {
  const { signal } = new AbortController()
  return {
    server,
    before,
    after: undefined,
    review,
    signal,
    sharesSession: false,
    sessionOptions: { statementTimeoutMs: 60_000, signal, scriptsDiscard: true, scriptsSetDefaults: false },
    copyBefore: () => server.createDatabase({ template: before }),
    apply: () => Promise.resolve([]),
  }
}
