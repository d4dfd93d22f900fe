import { scanSync } from 'libpg-query'
import { parseStatement } from './parse.ts'

/** Commands that pg_stat_statements normalises, and that take part in a rehearsal. */
const commands: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

/**
 * The statement with a parameter for every literal and without comments, its white space drawn together; undefined when
 * it is not one SELECT, INSERT, UPDATE, DELETE or MERGE that our parser takes, before and after. Numbers stay where
 * they are no values: in types (`numeric(10,2)`) and as positions in ORDER BY and GROUP BY. Needs loadParser().
 */
export function withoutLiterals(sql: string): string | undefined {
  try {
    return replaceLiterals(sql)
  } catch (error) {
    // nested deeper than the stack: nobody writes that to be read
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function replaceLiterals(sql: string): string | undefined {
  const statement = parseCommand(sql)
  if (statement === undefined) return undefined
  const tokens = scan(sql)
  if (tokens === undefined) return undefined
  const structural = structuralNumbers(statement)
  let parameter = Math.max(0, ...tokens.map(({ text }) => Number(/^\$(\d+)$/.exec(text)?.[1] ?? 0)))
  let result = ''
  let end = 0
  for (const token of tokens) {
    if (isComment(token)) continue
    if (result !== '' && token.start > end && !/^[,)]$/.test(token.text)) result += ' '
    const stays = !isLiteral(token) || (token.name === 'ICONST' && structural.has(token.start))
    if (stays) result += token.text
    else {
      // the scanner gives N'x' in two pieces
      if (token.start === end && /(?:^|[^\w$"])n$/i.test(result)) result = result.slice(0, -1)
      parameter += 1
      result += `$${parameter}`
    }
    end = token.end
  }
  result = result.replace(/\s*;$/, '')
  return isClean(result) ? result : undefined
}

interface ScannedToken {
  readonly name: string
  readonly text: string
  /** UTF-16 offsets. */
  readonly start: number
  readonly end: number
}

/** What Postgres' own scanner sees; undefined where it gives up. */
function scan(sql: string): readonly ScannedToken[] | undefined {
  const bytes = new TextEncoder().encode(sql)
  const decoder = new TextDecoder()
  let byte = 0
  let unit = 0
  const unitAt = (offset: number): number => {
    unit += decoder.decode(bytes.subarray(byte, offset)).length
    byte = offset
    return unit
  }
  try {
    return scanSync(sql).tokens.map(({ start, end, tokenName: name }) => {
      const from = unitAt(start)
      const to = unitAt(end)
      return { name, text: sql.slice(from, to), start: from, end: to }
    })
  } catch {
    return undefined
  }
}

function isComment({ name }: ScannedToken): boolean {
  return name === 'SQL_COMMENT' || name === 'C_COMMENT'
}

/** Bit strings, national and Unicode strings have no names of their own here. */
function isLiteral({ name, text }: ScannedToken): boolean {
  return (
    name === 'SCONST' ||
    name === 'ICONST' ||
    name === 'FCONST' ||
    /^(?:[bBxXnNeE]|[uU]&)?'/.test(text) ||
    /^\$[^\d]?[^$]*\$/.test(text)
  )
}

function parseCommand(sql: string): unknown {
  const { tag, node } = parseStatement(sql)
  const into = node as { intoClause?: unknown } | undefined
  return node !== undefined && commands.has(tag) && into?.intoClause === undefined ? node : undefined
}

/** Parsed again, and scanned again for what a mistake of ours would have left. */
function isClean(sql: string): boolean {
  const statement = parseCommand(sql)
  if (statement === undefined) return false
  const structural = structuralNumbers(statement)
  return (
    scan(sql)?.every((token) => !isComment(token) && (!isLiteral(token) || structural.has(token.start))) ??
    false
  )
}

/** Offsets of numbers that are part of a type or name a column by its position. */
export function structuralNumbers(statement: unknown): ReadonlySet<number> {
  const found = new Set<number>()
  const add = (value: unknown): void => {
    const constant = (value as { A_Const?: { ival?: { ival?: number }; location?: number } }).A_Const
    if (constant?.ival !== undefined && (constant.ival.ival ?? 0) < 10_000) found.add(constant.location ?? 0)
  }
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (typeof value !== 'object' || value === null) return
    for (const [key, child] of Object.entries(value)) {
      if (Array.isArray(child)) {
        if (key === 'typmods' || key === 'groupClause') child.forEach(add)
        else if (key === 'sortClause') {
          for (const item of child) add((item as { SortBy?: { node?: object } }).SortBy?.node ?? {})
        }
      }
      walk(child)
    }
  }
  walk(statement)
  return found
}
