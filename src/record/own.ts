import type { CandidateFile, RecordedStatement } from './model.ts'

/**
 * Did the tool send it of its own accord? Its books, and what it does to its session and around a migration: settings and
 * transactions of which the migration's file says nothing. Such statements are replayed, and nothing is said of them.
 */
export function isOwn(
  { kind, tag, sql, node }: Pick<RecordedStatement, 'kind' | 'tag' | 'sql' | 'node'>,
  file: CandidateFile | undefined,
): boolean {
  if (kind !== 'work') return true
  if (tag === 'TransactionStmt') return file === undefined || !transactionWords(file).test(file.text)
  if (closing.has(tag)) return file === undefined || !/\b(?:deallocate|discard|unlisten)\b/i.test(file.text)
  const setting = settingOf(tag, sql, node)
  if (setting === undefined) return false
  return file === undefined || !file.text.toLowerCase().includes(setting)
}

/** BEGIN is a word of Ruby. */
function transactionWords({ path }: CandidateFile): RegExp {
  return path.endsWith('.sql') ? /\b(?:begin|commit|start\s+transaction)\b/i : /\bcommit\b/i
}

const closing: ReadonlySet<string> = new Set(['DeallocateStmt', 'DiscardStmt', 'UnlistenStmt'])

/** In lower case. */
function settingOf(tag: string, sql: string, node: RecordedStatement['node']): string | undefined {
  if (tag === 'VariableSetStmt') return String(node?.['name'] ?? '').toLowerCase()
  if (tag !== 'SelectStmt') return undefined
  return /^select\s+(?:pg_catalog\.)?set_config\(\s*'([\w.]+)'/i.exec(sql)?.[1]?.toLowerCase()
}
