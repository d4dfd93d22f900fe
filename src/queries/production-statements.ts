import type { Limit, Query, QueryParameter, QueryRate } from '../core/model.ts'
import type { ProductionStatement } from '../core/production.ts'
import { tokenize } from '../sql/tokens.ts'
import { notChecked, Room } from './found.ts'
import { isQuery, parse } from './make-queries.ts'
import { statementOfProduction, statementOfQuery } from './normal-form.ts'
import { Numbering } from './numbering.ts'
import type { Pair } from './pair.ts'

/** More are hardly called; a snapshot holds 1,000. */
const mostStatements = 2000
const mostCharacters = 100_000

export interface JoinedStatements {
  /** The files' queries, with rates. */
  readonly pairs: readonly Pair[]
  /** Statements that no file has. */
  readonly others: readonly Pair[]
  readonly limits: readonly Limit[]
}

interface Known {
  readonly sql: string
  readonly rate: QueryRate
}

/**
 * Finds the statements of pg_stat_statements that are queries of files. A statement that several queries have gives all of
 * them its rate, because nobody knows how they share it; a query that was changed has the rate of its old version.
 */
export function joinStatements(
  pairs: readonly Pair[],
  statements: readonly ProductionStatement[],
): JoinedStatements {
  if (statements.length === 0) return { pairs, others: [], limits: [] }
  if ('problem' in parse('SELECT 1')) throw new Error('loadParser() comes before statements of production.')
  const { known, limits } = bySql(statements)
  const used = new Set<string>()
  const keys = new Map<string, string>()
  const rateOf = (query: Query | undefined): QueryRate | undefined => {
    if (query === undefined) return undefined
    const key = keys.get(query.sql) ?? statementOfQuery(query)
    keys.set(query.sql, key)
    if (known.has(key)) used.add(key)
    return known.get(key)?.rate
  }
  const withRates = pairs.map((pair): Pair => {
    const oldRate = rateOf(pair.old)
    const rate = oldRate ?? (pair.new === pair.old ? undefined : rateOf(pair.new))
    return rate === undefined ? pair : withRate(pair, rate)
  })
  const others: Pair[] = []
  const room = new Room()
  let unparsed = 0
  for (const [key, statement] of known) {
    if (used.has(key)) continue
    const query = statementQuery(statement, room)
    if (query === undefined) unparsed += 1
    else others.push({ old: query, new: query })
  }
  return { pairs: withRates, others, limits: [...limits, ...unparsedLimit(unparsed)] }
}

function withRate(pair: Pair, rate: QueryRate): Pair {
  const rated = (query: Query): Query => ({ ...query, rate })
  const { old, new: current } = pair
  if (old !== undefined && old === current) {
    const both = rated(old)
    return { old: both, new: both }
  }
  return {
    ...(old === undefined ? {} : { old: rated(old) }),
    ...(current === undefined ? {} : { new: rated(current) }),
  }
}

function bySql(statements: readonly ProductionStatement[]): {
  readonly known: ReadonlyMap<string, Known>
  readonly limits: readonly Limit[]
} {
  const short = statements.filter(({ sql }) => sql.length <= mostCharacters)
  const chosen = short.toSorted((a, b) => b.callsPerSecond - a.callsPerSecond).slice(0, mostStatements)
  const known = new Map<string, Known>()
  for (const { sql, ...rate } of chosen) {
    const key = statementOfProduction(sql)
    const other = known.get(key)
    known.set(key, other === undefined ? { sql, rate } : { sql: other.sql, rate: together(other.rate, rate) })
  }
  const left = statements.length - chosen.length
  if (left === 0) return { known, limits: [] }
  const message = `${left} statements of pg_stat_statements are not checked: they are too many, or too long.`
  return { known, limits: [notChecked(message)] }
}

/** One query of several roles, or with lists of several lengths. */
function together(a: QueryRate, b: QueryRate): QueryRate {
  const callsPerSecond = a.callsPerSecond + b.callsPerSecond
  const mean = (key: 'meanMs' | 'rowsPerCall'): number =>
    callsPerSecond === 0
      ? (a[key] ?? 0)
      : ((a[key] ?? 0) * a.callsPerSecond + (b[key] ?? 0) * b.callsPerSecond) / callsPerSecond
  return { callsPerSecond, meanMs: mean('meanMs'), rowsPerCall: mean('rowsPerCall') }
}

function statementQuery({ sql, rate }: Known, room: Room): Query | undefined {
  const parsed = parse(sql, room)
  if ('problem' in parsed || !isQuery(parsed.tag, parsed.node)) return undefined
  return {
    name: nameOf(sql),
    style: 'pg_stat_statements',
    text: sql,
    sql,
    parameters: parametersOf(sql),
    tag: parsed.tag,
    node: parsed.node,
    rate,
  }
}

const mostName = 60

function nameOf(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim()
  return line.length > mostName ? `${line.slice(0, mostName).trimEnd()}…` : line
}

function parametersOf(sql: string): readonly QueryParameter[] {
  return new Numbering(tokenize(sql), false).parameters()
}

function unparsedLimit(count: number): readonly Limit[] {
  if (count === 0) return []
  const message =
    count === 1
      ? '1 statement of pg_stat_statements cannot be parsed as a query, and is not checked.'
      : `${count} statements of pg_stat_statements cannot be parsed as queries, and are not checked.`
  return [notChecked(message)]
}
