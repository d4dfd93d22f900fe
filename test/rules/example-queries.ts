import { existsSync, readFileSync } from 'node:fs'
import type { MigrationScript } from '../../src/core/source.ts'
import type { Query, QueryParameter, ReviewedQuery } from '../../src/core/query-model.ts'
import type { ColumnStatistics, Production, TableFacts } from '../../src/core/production.ts'
import { parseScript, type ParsedScript, type ParsedStatement } from '../../src/sql/parse.ts'
import { readAllowComments } from '../../src/sql/suppressions.ts'
import { walk } from '../../src/sql/ast.ts'

/**
 * The application's queries of a rule folder: `queries.sql` in production and under review, `queries.old.sql` in
 * production only, `queries.new.sql` under review only; the same name in both of these is a changed query.
 */
export function folderQueries(folder: string): readonly ReviewedQuery[] {
  const read = (name: string): readonly Query[] => {
    if (!existsSync(`${folder}/${name}`)) return []
    const text = readFileSync(`${folder}/${name}`, 'utf8')
    return queriesOf(parseScript(queryScript(name, text, 0)))
  }
  const both = read('queries.sql').map((query) => ({ id: idOf(query), old: query, new: query }))
  const [old, added] = [read('queries.old.sql'), read('queries.new.sql')]
  const names = new Set([...old, ...added].map(({ name }) => name))
  const changed = [...names].map((name): ReviewedQuery => {
    const before = old.find((query) => query.name === name)
    const after = added.find((query) => query.name === name)
    return {
      id: `queries.sql#${name}`,
      ...(before === undefined ? {} : { old: before }),
      ...(after === undefined ? {} : { new: after }),
    }
  })
  return [...both, ...changed]
}

/** Queries under review that production does not run yet. */
export function newQueries(parsed: ParsedScript): readonly ReviewedQuery[] {
  return queriesOf(parsed).map((query) => ({ id: idOf(query), new: query }))
}

function idOf({ name, span }: Query): string {
  return `${span?.file ?? ''}#${name}`
}

/** Part of a file that holds queries, from `start` to its end. */
export function queryScript(file: string, text: string, start: number): MigrationScript {
  return {
    source: 'plain-sql',
    file,
    version: null,
    title: 'queries',
    text,
    start,
    end: text.length,
    transaction: { mode: 'statement', why: 'example' },
    repeatable: false,
  }
}

/** Each statement is a query: `-- name: list_orders :many` above it names it. */
function queriesOf(parsed: ParsedScript): readonly Query[] {
  const { allows } = readAllowComments(parsed)
  return parsed.statements.map((statement): Query => {
    const { sql, span, tag, node, index } = statement
    const above = parsed.statements[index - 1]?.span.end.offset ?? parsed.script.start
    const comment = parsed.script.text.slice(above, span.start.offset)
    const name = /^-- name: (\w+)/m.exec(comment)?.[1]
    if (name === undefined) throw new Error(`${span.file}:${span.start.line}: no -- name: above this query`)
    return {
      name,
      // sqlc would write the columns of * out
      style: 'named SQL',
      span,
      text: sql,
      sql,
      parameters: parametersOf(statement),
      tag,
      node,
      allows: allows
        .filter(({ statementIndex }) => statementIndex === index)
        .map(({ rule, reason, until, span: at }) => ({
          ruleId: rule,
          reason,
          span: at,
          ...(until === undefined ? {} : { until }),
        })),
    }
  })
}

function parametersOf({ node }: ParsedStatement): readonly QueryParameter[] {
  const numbers = new Set<number>()
  walk(node, (tag, value) => {
    if (tag === 'ParamRef') numbers.add((value as { number?: number }).number ?? 0)
  })
  return [...numbers].toSorted((a, b) => a - b).map((number) => ({ number }))
}

/**
 * `-- rows: orders 5000000` and `-- distinct: orders.customer_id 400000` lines of a set-up: what production holds.
 * Undefined when there are none of the first.
 */
export function productionOf(setup: string): Production | undefined {
  const columns = columnsOf(setup)
  const tables = [...setup.matchAll(/^-- rows: (?:(\w+)\.)?(\w+) (\d+)$/gm)].map((match): TableFacts => {
    const rows = Number(match[3])
    // 100 bytes a row
    const heapBytes = Math.max(1, Math.ceil(rows / 80)) * 8192
    const [schema, name] = [match[1] ?? 'public', match[2] ?? '']
    const own = columns.filter(({ table }) => table === `${schema}.${name}`)
    return {
      schema,
      name,
      rows,
      heapBytes,
      from: 'snapshot',
      ...(own.length === 0 ? {} : { columns: own.map(({ column }) => column) }),
    }
  })
  return tables.length === 0 ? undefined : { sources: [], tables, settings: {} }
}

function columnsOf(setup: string): readonly { readonly table: string; readonly column: ColumnStatistics }[] {
  return [...setup.matchAll(/^-- distinct: (?:(\w+)\.)?(\w+)\.(\w+) (\d+)$/gm)].map((match) => ({
    table: `${match[1] ?? 'public'}.${match[2] ?? ''}`,
    column: { name: match[3] ?? '', nullFraction: 0, distinct: Number(match[4]), width: 8, correlation: 0 },
  }))
}
