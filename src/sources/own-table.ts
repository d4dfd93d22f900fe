import type { SourceProblem } from '../core/source.ts'
import { sqlStretches } from './sql-stretches.ts'

/**
 * A script that leaves the session without the schema in which the tool keeps its books: the tool names its table
 * without a schema, in the same session right after the script, and fails. The first lines of a pg_dump do this.
 */
export function lostTableProblem(
  file: string,
  text: string,
  tool: string,
  table: string,
): readonly SourceProblem[] {
  if (table.includes('.') || !/search_path/i.test(text)) return []
  const path = statementsOf(text).reduce<string | undefined>(searchPathAfter, undefined)
  if (path === undefined || /(?:^|[\s,'"])public(?:$|[\s,'"])/i.test(path)) return []
  const said = path.length > 200 ? `${path.slice(0, 200)}…` : path
  const message = `${file} leaves search_path at ${said}; ${tool} then looks for its table ${table} in the same session.`
  const isEmpty = /^(?:''|"")?$/.test(path)
  return [
    {
      code: 'refused-by-tool',
      file,
      message,
      severity: isEmpty ? 'error' : 'warning',
      remedy: 'Use SET LOCAL search_path, or end the script with RESET search_path.',
    },
  ]
}

/** Cut at semicolons, without comments; a semicolon between BEGIN ATOMIC and END cuts too, which changes nothing here. */
function statementsOf(text: string): readonly string[] {
  const statements: string[] = ['']
  for (const { kind, start, end } of sqlStretches(text)) {
    const piece = text.slice(start, end)
    const [first = '', ...rest] = kind === 'code' ? piece.split(';') : [kind === 'quoted' ? piece : ' ']
    statements.push(`${statements.pop() ?? ''}${first}`)
    // not as arguments of push(): a text of nothing but semicolons has more than fit on the stack
    for (const statement of rest) statements.push(statement)
  }
  return statements.map((statement) => statement.trim())
}

/** Undefined: as the session began. */
function searchPathAfter(before: string | undefined, sql: string): string | undefined {
  const set = /^set\s+(?:session\s+)?search_path\s*(?:=|\bto\b)\s*(.*)$/is.exec(sql)
  if (set?.[1] !== undefined) return /^default$/i.test(set[1].trim()) ? undefined : set[1].trim()
  const call =
    /^select\s+(?:pg_catalog\.)?set_config\(\s*'search_path'\s*,\s*'([^']*)'\s*,\s*false\s*\)/i.exec(sql)
  if (call?.[1] !== undefined) return call[1] === '' ? "''" : call[1]
  return /^(?:reset\s+(?:search_path|all)|discard\s+all)\b/i.test(sql) ? undefined : before
}
