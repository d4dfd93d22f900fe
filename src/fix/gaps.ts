import type { Migration, Statement } from '../core/model.ts'
import { normalizeSql } from '../sql/tokens.ts'
import { isPreparation } from './units.ts'

/** Text between two offsets without the statements there that are dropped; blank lines at its ends go. */
export function withoutStatements(
  { text, statements }: Migration,
  from: number,
  to: number,
  isDropped: (statement: Statement) => boolean,
): string {
  let result = ''
  let at = from
  for (const statement of statements) {
    const { start, end } = statement.span
    if (start.offset < from || end.offset > to || !isDropped(statement)) continue
    result += text.slice(at, start.offset)
    const behind = /^\s*;[ \t]*(?:\r?\n)?/.exec(text.slice(end.offset, to))?.[0] ?? ''
    at = end.offset + behind.length
  }
  return result + text.slice(at, to)
}

/** BEGIN and COMMIT. */
export function isTransactionCommand({ tag }: Statement): boolean {
  return tag === 'TransactionStmt'
}

/** Whatever says how other statements run. */
export function isAnyPreparation({ tag, sql }: Statement): boolean {
  return tag === 'TransactionStmt' || isPreparation(sql)
}

/** The SET statements between two offsets, normalized, but for those that are dropped. */
export function settingsBetween(
  { statements }: Migration,
  from: number,
  to: number,
  isDropped: (statement: Statement) => boolean,
): ReadonlySet<string> {
  const between = statements.filter(({ span }) => span.start.offset >= from && span.end.offset <= to)
  const settings = between.filter((one) => isPreparation(one.sql) && !isDropped(one))
  return new Set(settings.filter(({ tag }) => tag !== 'TransactionStmt').map(({ sql }) => normalizeSql(sql)))
}

/** The comments between two offsets, each line with its end. */
export function commentsBetween(migration: Migration, from: number, to: number): string {
  const rest = withoutStatements(migration, from, to, () => true)
  if (rest.includes('/*')) return `${rest.replaceAll('\r', '').trim()}\n`
  return rest
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('--') && !/^-- \+(?:goose|migrate) Statement/.test(line))
    .map((line) => `${line}\n`)
    .join('')
}
