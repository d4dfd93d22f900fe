import { escapeIdentifier } from 'pg'
import { readPredicate, type Hints } from '../replay/seed-checks.ts'
import { domainPredicates } from '../replay/seed-conditions.ts'
import type { SeedCatalog } from '../replay/seed-catalog.ts'
import type { FillTarget } from './fill-catalog.ts'

/** What rows of a target have to meet: a CHECK's conjunct, a conjunct of the partition's bounds. */
export interface FillCondition {
  readonly sql: string
  readonly columns: readonly string[]
  /** By column. */
  readonly hints: ReadonlyMap<string, Hints>
  /** The CHECK that it is part of; absent for bounds. */
  readonly check?: string
}

/** Every CHECK and bound of a target, taken apart at AND; what our parser does not follow is left out. */
export function conditionsOf(target: FillTarget): readonly FillCondition[] {
  const checks = target.checks.flatMap(({ name, expression }) =>
    conjuncts(expression).map((sql) => ({ sql, check: name })),
  )
  const bounds = target.bound === null ? [] : conjuncts(target.bound).map((sql) => ({ sql }))
  return [...checks, ...bounds].flatMap((one) => {
    const predicate = readPredicate(one.sql)
    return predicate === undefined ? [] : [{ ...predicate, ...one }]
  })
}

/** What a column has to meet by itself: its own conditions, and its domains' (whose column is called `value`). */
export function ownConditions(
  catalog: SeedCatalog,
  conditions: readonly FillCondition[],
  column: { readonly name: string; readonly type: number },
): readonly { readonly sql: string; readonly name: string; readonly hints: Hints | undefined }[] {
  const own = conditions
    .filter(({ columns }) => columns.length === 1 && columns[0] === column.name)
    .map(({ sql, hints }) => ({ sql, name: column.name, hints: hints.get(column.name) }))
  const domains = domainPredicates(catalog, column.type).map(({ sql, hints }) => ({
    sql,
    name: 'value',
    hints: hints.get('value'),
  }))
  return [...own, ...domains]
}

/** `(select … from (select <value> as "column") …)`: is the condition not false for this value? */
export function meetsSql(condition: { readonly sql: string; readonly name: string }, value: string): string {
  return `(select (${condition.sql}) is not false from (select ${value} as ${escapeIdentifier(condition.name)}) fill_value)`
}

/** Takes an expression as pg_get_expr() prints it apart where AND joins it, however deep its parentheses are. */
export function conjuncts(sql: string): readonly string[] {
  const text = unwrapped(sql.trim())
  const parts: string[] = []
  let start = 0
  scan(text, (at, depth) => {
    if (depth === 0 && text.slice(at, at + 5).toUpperCase() === ' AND ') {
      parts.push(text.slice(start, at))
      start = at + 5
    }
  })
  if (parts.length === 0) return [text]
  // BETWEEN is printed as two comparisons, so that every AND is a conjunction; only CASE has others, in no parentheses.
  if (/\bcase\b/i.test(text) && !parts.every((part) => balancedCase(part))) return [text]
  return [...parts, text.slice(start)].flatMap(conjuncts)
}

/** The sides of an equation, as pg_get_expr() prints one: `gross = (net + tax)`. */
export function sides(sql: string): readonly [string, string] | undefined {
  let split: number | undefined
  scan(sql, (at, depth) => {
    if (depth === 0 && sql.slice(at, at + 3) === ' = ') split ??= at
  })
  return split === undefined ? undefined : [sql.slice(0, split).trim(), sql.slice(split + 3).trim()]
}

function balancedCase(text: string): boolean {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0
  return count(/\bcase\b/gi) === count(/\bend\b/gi)
}

/** Without parentheses around all of it. */
function unwrapped(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  let closes = -1
  scan(text, (at, depth) => {
    if (closes === -1 && depth === 0 && at > 0) closes = at
  })
  return closes === -1 ? unwrapped(text.slice(1, -1).trim()) : text
}

/** Calls back for every character outside of quotes, with the depth of parentheses after it. */
function scan(text: string, callback: (at: number, depth: number) => void): void {
  let depth = 0
  let quote = ''
  for (let at = 0; at < text.length - 1; at += 1) {
    const char = text[at] ?? ''
    if (quote !== '') {
      if (char === '\\' && quote === `'` && /(^|[^\w])E$/.test(text.slice(Math.max(0, at - 2), at))) at += 1
      else if (char === quote) quote = ''
      continue
    }
    if (char === `'` || char === '"') quote = char
    else if (char === '(' || char === '[') depth += 1
    else if (char === ')' || char === ']') depth -= 1
    callback(at, depth)
  }
}
