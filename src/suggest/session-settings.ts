import type { Migration, Statement } from '../core/model.ts'
import { splitScript } from '../sql/split.ts'
import { parseStatement } from '../sql/parse.ts'

/**
 * The SET statements before `at` whose settings are in force there, in order and without semicolons, for a migration
 * that is cut off from them.
 * @param options.transaction SET LOCAL counts in this transaction only
 * @param options.local the migration is one transaction, so that SET LOCAL does, and leaves nothing behind
 * @param options.without SQL whose own settings go before these
 */
export function carriedSettings(
  { statements }: Migration,
  at: Statement,
  options: { readonly transaction: number; readonly local: boolean; readonly without?: string },
): readonly string[] {
  const own = new Set(settingsOf(options.without ?? ''))
  return statements
    .slice(0, at.index)
    .filter((one) => isSetting(one) && (!isLocal(one) || one.transaction === options.transaction))
    .filter((one) => !own.has(nameOf(one) ?? ''))
    .map(({ sql, tag }) => (tag === 'VariableSetStmt' ? scoped(sql, options.local) : sql))
}

type Parsed = Pick<Statement, 'tag' | 'node'>

function isSetting({ tag, node, sql }: Statement): boolean {
  // SET TRANSACTION is about one transaction
  if (tag === 'VariableSetStmt') return node?.['kind'] !== 'VAR_SET_MULTI'
  // as pg_dump writes it
  return tag === 'SelectStmt' && /^select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(/i.test(sql)
}

function isLocal({ node }: Parsed): boolean {
  return node?.['is_local'] === true
}

function nameOf({ node }: Parsed): string | undefined {
  const name = node?.['name']
  return typeof name === 'string' ? name.toLowerCase() : undefined
}

function settingsOf(sql: string): readonly string[] {
  return splitScript(sql).pieces.flatMap(({ start, end }) => {
    const parsed = parseStatement(sql.slice(start, end))
    const name = parsed.tag === 'VariableSetStmt' ? nameOf(parsed) : undefined
    return name === undefined ? [] : [name]
  })
}

function scoped(sql: string, local: boolean): string {
  if (!/^set\s/i.test(sql)) return sql
  return sql.replace(
    /^set\s+(?:local\s+|session\s+(?!authorization\b|characteristics\b))?/i,
    local ? 'SET LOCAL ' : 'SET ',
  )
}
