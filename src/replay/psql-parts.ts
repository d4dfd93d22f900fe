import type { ErrorEffect, Migration } from '../core/model.ts'

/**
 * Do the scripts have psql run SQL that is not in them: another file, the rows of a query, a program? What that
 * SQL creates is missing from the rehearsal.
 */
export function leavesOutSql(migrations: readonly Migration[]): boolean {
  return migrations.some(({ text }) => text.includes('\\') && elsewhere.test(text))
}

/** psql's \i, \ir and their long names at the start of a line, and \gexec behind a query. */
const elsewhere = /^[ \t]*\\(?:i|ir|include|include_relative)\b|\\gexec\b/m

/**
 * Did it fail because of `:name`, which psql would have filled in? In scripts of tools that are not psql such a
 * colon is the author's own mistake.
 */
export function isUnfilledVariable({ source }: Migration, { sqlstate, message }: ErrorEffect): boolean {
  return (
    (source === 'plain-sql' || source === 'sqitch') &&
    sqlstate === '42601' &&
    message.endsWith('at or near ":"')
  )
}
