import type { Finding, Migration, MigrationResult, Statement, Suggestion } from '../core/model.ts'
import { normalizeSql, tokenize } from '../sql/tokens.ts'
import { applySuggestion, linesOf, shrink } from './lines.ts'
import { replacementSql } from './remedy-sql.ts'
import { statementLines } from './statement-lines.ts'

/** A change to a file that may mend a finding; only a replay tells. */
export interface Candidate {
  readonly finding: Finding
  readonly suggestion: Suggestion
  /** The whole file with the suggestion in it. */
  readonly text: string
  /** The lines of `text` that stand where the statement stood, from 1, both inclusive. */
  readonly block: { readonly startLine: number; readonly endLine: number }
  /** Last line of the statement in the file as it is. */
  readonly lastLine: number
  /** Statements of the block that must run outside a transaction block. */
  readonly outside: ReadonlySet<string>
}

/** Suggestions with more lines are not read, and GitLab takes no more than 100 around a line. */
const mostLines = 100

/**
 * The file with the finding's statement replaced by the SQL of its remedy. `fileText` is the file as it is; what its
 * tool fills in (placeholders) may not stand in the statement's lines. Undefined when the remedy is not SQL that
 * could stand there alone.
 */
export function candidateFor(
  finding: Finding,
  result: MigrationResult,
  fileText: string,
): Candidate | undefined {
  const { migration, statements } = result
  const found = statements.find(({ statement: { span } }) => span.start.offset === finding.span.start.offset)
  if (finding.allowed !== undefined || found === undefined) return undefined
  const { statement, settings } = found
  const place = statementLines(migration.text, statement.span)
  const replacement = replacementSql(finding.remedy, statement, settings)
  if (place === undefined || replacement === undefined) return undefined
  if (!isAsWritten(place, migration.text, fileText)) return undefined
  if (holdsLineEnds(statement.sql) && fileText.includes('\r')) return undefined
  if (repeatsOthers(replacement.statements, statement, migration)) return undefined
  const { startLine, endLine, indent } = place
  const lines = replacement.statements.flatMap((sql) => linesOf(`${indent}${sql};`))
  const suggestion = shrink(fileText, { startLine, endLine, lines })
  if (suggestion === undefined || !isPresentable(suggestion)) return undefined
  return {
    finding,
    suggestion,
    text: applySuggestion(fileText, suggestion),
    block: { startLine, endLine: startLine + lines.length - 1 },
    lastLine: endLine,
    outside: replacement.outside,
  }
}

/** Do the lines stand in the file as the tool runs them, at the same place? */
function isAsWritten(
  { startLine, endLine }: { readonly startLine: number; readonly endLine: number },
  run: string,
  file: string,
): boolean {
  if (run === file) return true
  const [asRun, asWritten] = [linesOf(run), linesOf(file)]
  if (asRun.length !== asWritten.length) return false
  return asRun.slice(startLine - 1, endLine).every((line, index) => line === asWritten[startLine - 1 + index])
}

/** In a literal `\r\n` is data, and whoever applies a suggestion may write `\n` instead. */
function holdsLineEnds(sql: string): boolean {
  return tokenize(sql).some(({ text }) => text.includes('\n'))
}

/** Some remedies tell where neighbours of the statement go; in the same file these would run twice. */
function repeatsOthers(
  replacement: readonly string[],
  statement: Statement,
  { statements }: Migration,
): boolean {
  const others = new Set(
    statements.filter(({ index }) => index !== statement.index).map(({ sql }) => normalizeSql(sql)),
  )
  return replacement.some((sql) => {
    const normal = normalizeSql(sql)
    return others.has(normal) && !/^(?:set|begin|commit)\b/.test(normal)
  })
}

function isPresentable({ startLine, endLine, lines }: Suggestion): boolean {
  if (lines.length > mostLines || endLine - startLine + 1 > mostLines) return false
  // a carriage return inside a line would be shown, or sent, as something else
  return !lines.some((line) => line.includes('\r'))
}
