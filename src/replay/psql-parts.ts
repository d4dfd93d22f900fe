import type { ErrorEffect, Migration, Statement } from '../core/model.ts'

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

/** \if and its like, or \connect, which makes what follows run in another database. */
const decides = /^[ \t]*\\(?:if|elif|else|c|connect)\b/m

/**
 * Does psql decide whether, or where, the statement runs? We run all of them in one database, so that one may fail
 * that never runs in production.
 */
export function psqlDecides({ text }: Migration, { span }: Statement, sqlstate: string): boolean {
  if (!sqlstate.startsWith('42') || !text.includes('\\')) return false
  return decides.test(text.slice(0, span.start.offset))
}
