import type { EvidencedEffect, ReportMigration, ReportStatement } from '../../src/core/model.ts'
import { normalizeSql } from '../../src/sql/tokens.ts'

/**
 * Where the same migrations do something else by the tool itself than by their files: statements, what each does, which of
 * them commit together. What tools keep their books with, and their own BEGIN and COMMIT, is left out.
 */
export function compareEffects(
  byCommand: readonly ReportMigration[],
  byFiles: readonly ReportMigration[],
): readonly string[] {
  const sent = statementsOf(byCommand)
  const read = statementsOf(byFiles)
  const problems: string[] = []
  let at = 0
  let previous: { readonly sent: Done; readonly read: Done } | undefined
  for (const one of read) {
    const found = sent.findIndex(({ sql }, index) => index >= at && sql === one.sql)
    if (found < 0) {
      problems.push(`${one.where}: the tool did not run it, or not after what comes before it`)
      continue
    }
    const other = sent[found] as Done
    problems.push(...onlyByTool(sent.slice(at, found)))
    at = found + 1
    problems.push(...compareOne(other, one))
    const pair = { sent: other, read: one }
    if (previous !== undefined) problems.push(...compareGroups(previous, pair))
    previous = pair
  }
  return [...problems, ...onlyByTool(sent.slice(at))]
}

/** Drivers and tools set up their sessions as they like. */
function onlyByTool(statements: readonly Done[]): readonly string[] {
  return statements
    .filter(({ tag }) => tag !== 'VariableSetStmt')
    .map(({ where }) => `${where}: only the tool runs it`)
}

interface Done {
  readonly tag: string
  readonly where: string
  readonly file: string
  readonly sql: string
  readonly transaction: number
  readonly does: readonly string[]
}

function statementsOf(migrations: readonly ReportMigration[]): readonly Done[] {
  return migrations.flatMap((migration) =>
    migration.statements
      .filter(({ tag }) => tag !== 'TransactionStmt')
      .map((statement): Done => {
        const sql = normalizeSql(sqlOf(migration, statement))
        const { file, start } = statement.span
        const beginning = sql.length > 50 ? `${sql.slice(0, 49)}…` : sql
        return {
          where: `${file}:${start.line} (${beginning})`,
          tag: statement.tag,
          file,
          sql,
          transaction: statement.transaction,
          does: statement.effects.flatMap(effectLine).toSorted(),
        }
      }),
  )
}

function sqlOf({ text }: ReportMigration, { sent, span }: ReportStatement): string {
  return sent ?? text.slice(span.start.offset, span.end.offset)
}

function compareOne(sent: Done, read: Done): readonly string[] {
  return [
    ...(sent.file === read.file ? [] : [`${read.where}: the tool’s is said to come from ${sent.file}`]),
    ...read.does
      .filter((line) => !sent.does.includes(line))
      .map((line) => `${read.where}: only its file: ${line}`),
    ...sent.does
      .filter((line) => !read.does.includes(line))
      .map((line) => `${read.where}: only the tool: ${line}`),
  ]
}

function compareGroups(
  before: { readonly sent: Done; readonly read: Done },
  { sent, read }: { readonly sent: Done; readonly read: Done },
): readonly string[] {
  const together = before.sent.transaction === sent.transaction
  if (together === (before.read.transaction === read.transaction)) return []
  const verb = together ? 'commits together with' : 'does not commit together with'
  return [`${read.where} ${verb} ${before.read.where} when the tool runs it`]
}

/** Sizes of logs and temporary files are never twice the same, and notices are no effects. */
function effectLine(effect: EvidencedEffect): readonly string[] {
  if (effect.kind === 'wal' || effect.kind === 'temp' || effect.kind === 'notice') return []
  if (effect.kind === 'error') return [`error ${effect.sqlstate} ${effect.message}`]
  const { evidence, ...rest } = effect
  return [`${evidence.by} ${JSON.stringify(rest, sortedKeys)}`]
}

function sortedKeys(key: string, value: unknown): unknown {
  // OIDs and the like are no part of effects; how long locks last follows from what comes behind
  if (key === 'heldMs') return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
