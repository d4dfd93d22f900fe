import type { Query } from '../core/query-model.ts'
import { tokenize } from '../sql/tokens.ts'

/** SQL for the planner, and which of the query's parameters are its `$1`, `$2`, … */
export interface PlannedText {
  readonly sql: string
  /** Numbers in the query. */
  readonly parameters: readonly number[]
}

/** Rows that a page of results has. */
const usualLimit = '50'

/**
 * The query's SQL with literals for some parameters, the rest counted anew. LIMIT and OFFSET always have a value: for
 * any value the planner takes a tenth of the table (preprocess_limit(), planner.c), which no application asks for.
 */
export function plannedText(query: Query, literals: ReadonlyMap<number, string> = new Map()): PlannedText {
  const all = new Map([...limitLiterals(query), ...literals])
  const parameters: number[] = []
  let sql = ''
  let copied = 0
  for (const { kind, text, start, end } of tokenize(query.sql)) {
    const number = kind === 'word' ? parameterNumber(text) : undefined
    if (number === undefined) continue
    let place = parameters.indexOf(number)
    const literal = all.get(number)
    if (literal === undefined && place < 0) place = parameters.push(number) - 1
    sql += `${query.sql.slice(copied, start)}${literal ?? `$${place + 1}`}`
    copied = end
  }
  // what a line comment at its end hides must not be what comes next
  return { sql: `${sql}${query.sql.slice(copied)}\n`, parameters }
}

function parameterNumber(word: string): number | undefined {
  const digits = /^\$(\d{1,5})$/.exec(word)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

const limits = new WeakMap<Query, ReadonlyMap<number, string>>()

function limitLiterals(query: Query): ReadonlyMap<number, string> {
  const known = limits.get(query)
  if (known !== undefined) return known
  const found = new Map<number, string>()
  collect(query.node, found)
  limits.set(query, found)
  return found
}

function collect(value: unknown, found: Map<number, string>): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    const isLimit = key === 'limitCount'
    if (isLimit || key === 'limitOffset') {
      const numbers = parametersIn(child)
      // OFFSET ($1 - 1) * $2 is the page's number and its size
      const otherwise = numbers.length > 1 ? '1' : '0'
      for (const number of numbers) {
        if (isLimit || !found.has(number)) found.set(number, isLimit ? usualLimit : otherwise)
      }
    }
    collect(child, found)
  }
}

/** Numbers of all parameters below a node of the parse tree. */
export function parametersIn(value: unknown): readonly number[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) =>
    key === 'ParamRef' ? [(child as { number?: number }).number ?? 0] : parametersIn(child),
  )
}
