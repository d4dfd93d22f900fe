import type { Remedy, SessionSettings, Statement } from '../core/model.ts'
import { splitScript } from '../sql/split.ts'
import { normalizeSql, tokenize } from '../sql/tokens.ts'

/** What a remedy puts into the place of its statement. */
export interface ReplacementSql {
  /** Without semicolons. */
  readonly statements: readonly string[]
  /** Those of them that must run outside a transaction block. */
  readonly outside: ReadonlySet<string>
}

/**
 * The SQL of a remedy as it would stand in the same file, or undefined when it is not whole: steps of which only a
 * person knows the rest, or an acceptance that is not ours to give. What belongs together is put between BEGIN and
 * COMMIT where the statement stood in no transaction.
 */
export function replacementSql(
  remedy: Remedy | undefined,
  statement: Statement,
  settings: SessionSettings,
): ReplacementSql | undefined {
  const steps = remedy?.migrations ?? []
  if (steps.length === 0 || !keepsComments(statement.sql, steps.map(({ sql }) => sql).join('\n')))
    return undefined
  const outside = new Set<string>()
  const statements = steps.flatMap(({ sql, transaction }) => {
    const parts = statementsOf(sql).filter((part) => !repeatsTimeout(part, settings))
    if (!transaction) for (const part of parts) outside.add(part)
    return transaction && !statement.inTransactionBlock && belongTogether(parts)
      ? ['BEGIN', ...parts, 'COMMIT']
      : parts
  })
  return statements.length === 0 ? undefined : { statements, outside }
}

function statementsOf(sql: string): readonly string[] {
  return splitScript(sql).pieces.map(({ start, end }) => sql.slice(start, end))
}

/** The timeout in force at the statement is in force in its place as well. */
function repeatsTimeout(sql: string, { lockTimeoutMs }: SessionSettings): boolean {
  return lockTimeoutMs > 0 && /^set local lock_timeout\b/.test(normalizeSql(sql))
}

function belongTogether(parts: readonly string[]): boolean {
  const settings = parts.filter((part) => /^set\s/i.test(part))
  return parts.length - settings.length > 1 || settings.some((part) => /^set\s+local\s/i.test(part))
}

/**
 * Has the remedy the comments of the statement, and no others? A comment of its own stands for what a person must
 * fill in, and a person's own comment is not to be lost.
 */
function keepsComments(original: string, replacement: string): boolean {
  const before = new Set(commentsOf(original))
  const after = new Set(commentsOf(replacement))
  return before.size === after.size && [...before].every((comment) => after.has(comment))
}

/** What stands between the tokens. */
function commentsOf(sql: string): readonly string[] {
  const comments: string[] = []
  let at = 0
  for (const { start, end } of [...tokenize(sql), { start: sql.length, end: sql.length }]) {
    const gap = sql.slice(at, start).trim()
    if (gap !== '') comments.push(gap)
    at = end
  }
  return comments
}
