import type { CatalogConstraint, CatalogIndex } from '../core/model.ts'
import { quoteIdent } from './quote.ts'
import { isWord, tokenize } from './tokens.ts'

/** New names by old name. */
export type Renames = ReadonlyMap<string, string>

/**
 * Deparsed SQL with columns called by other names. Undefined where a word could be something else as well: a function or
 * type of a column's name, a column behind a dot.
 */
function renamedInSql(sql: string, renames: Renames): string | undefined {
  const tokens = tokenize(sql)
  let renamed = ''
  let at = 0
  for (const [index, token] of tokens.entries()) {
    const to =
      token.kind === 'word' || token.kind === 'quoted identifier'
        ? renames.get(nameOf(token.text))
        : undefined
    if (to === undefined) continue
    const [before, after] = [tokens[index - 1]?.text, tokens[index + 1]?.text]
    if (before === '.' || before === '::' || before === ':' || after === '(' || after === '.')
      return undefined
    renamed += sql.slice(at, token.start) + quoteIdent(to)
    at = token.end
  }
  return renamed + sql.slice(at)
}

function nameOf(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase()
}

/**
 * What stands behind `CREATE INDEX name ON table`, with columns called by other names. Undefined where the definition is
 * not known and there is more to it than columns: a prediction knows expressions by a key that is no SQL.
 */
export function indexBody(index: CatalogIndex, renames: Renames): string | undefined {
  const { definition, keys, include, predicate, method } = index
  if (definition !== undefined) {
    const using = tokenize(definition).find((token) => isWord(token, 'USING'))
    return using === undefined ? undefined : renamedInSql(definition.slice(using.start), renames)
  }
  if (predicate !== undefined || keys.some(({ column }) => column === undefined)) return undefined
  return [
    ...(method === 'btree' ? [] : [`USING ${quoteIdent(method)}`]),
    `(${keys.map((key) => keyText(key, renames)).join(', ')})`,
    ...(include.length === 0 ? [] : [`INCLUDE (${columnList(include, renames)})`]),
    ...(index.nullsNotDistinct === true ? ['NULLS NOT DISTINCT'] : []),
  ].join(' ')
}

function keyText(key: CatalogIndex['keys'][number], renames: Renames): string {
  const { column = '', operatorClass, collation, isDescending = false, nullsFirst = isDescending } = key
  return [
    columnList([column], renames),
    ...(collation === undefined ? [] : [`COLLATE ${quoteIdent(collation)}`]),
    ...(operatorClass === undefined ? [] : [quoteIdent(operatorClass)]),
    ...(isDescending ? ['DESC'] : []),
    ...(nullsFirst === isDescending ? [] : [nullsFirst ? 'NULLS FIRST' : 'NULLS LAST']),
  ].join(' ')
}

/** The constraint without its name and NOT VALID, with columns called by other names. */
export function constraintBody(constraint: CatalogConstraint, renames: Renames): string | undefined {
  const { kind, columns, definition, references } = constraint
  if (kind === 'check') {
    const body = definition?.replace(/\s+NOT VALID$/i, '')
    return body === undefined ? undefined : renamedInSql(body, renames)
  }
  if (kind !== 'foreign key' || references === undefined) return undefined
  const own = `FOREIGN KEY (${columnList(columns, renames)})`
  const rest = definition?.replace(/\s+NOT VALID$/i, '').replace(/^FOREIGN KEY \((?:[^()"]|"[^"]*")*\)/, '')
  if (rest !== undefined) return own + rest
  const [schema = '', ...table] = references.table.split('.')
  const actions = [
    ...(references.onDelete === 'no action' ? [] : [`ON DELETE ${references.onDelete.toUpperCase()}`]),
    ...(references.onUpdate === 'no action' ? [] : [`ON UPDATE ${references.onUpdate.toUpperCase()}`]),
  ]
  return [
    `${own} REFERENCES ${quoteIdent(schema)}.${quoteIdent(table.join('.'))} (${references.columns.map(quoteIdent).join(', ')})`,
    ...actions,
  ].join(' ')
}

export function columnList(columns: readonly string[], renames: Renames): string {
  return columns.map((column) => quoteIdent(renames.get(column) ?? column)).join(', ')
}
