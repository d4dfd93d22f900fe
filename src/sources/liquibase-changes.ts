import type { ChangelogNode } from './liquibase-changelog.ts'
import type { LiquibaseChangeset, LiquibaseRollback } from './liquibase-formatted.ts'
import type { LiquibaseParameters } from './liquibase-parameters.ts'

/** What decides whether a changeset runs at all. */
export type Changeset = Partial<Pick<LiquibaseChangeset, 'context' | 'labels' | 'dbms' | 'ignored'>>

/** A changeSet element of SQL, and where its SQL is. */
export interface SqlChangeset {
  readonly changeset: LiquibaseChangeset
  /** The changelog's text with the SQL as Liquibase reads it in its place; of no use with a path. */
  readonly text: string
  /** Of a sqlFile. */
  readonly path?: { readonly text: string; readonly isRelative: boolean }
}

/** Parts of a changeSet that are no change. */
const noChange = new Set([
  'comment',
  'preConditions',
  'rollback',
  'validCheckSum',
  'modifySql',
  'tagDatabase',
  'output',
  'empty',
])

function changesOf({ children }: ChangelogNode): readonly ChangelogNode[] {
  return children.flatMap((child) => {
    if (child.name === 'changes') return child.children
    const isAttribute = child.children.length === 0 && Object.keys(child.attributes).length === 0
    return noChange.has(child.name) || (isAttribute && child.name !== 'sql') ? [] : [child]
  })
}

/** A changeSet that is not SQL alone, with the reason why it is not rehearsed. */
export function codeChangeset(
  node: ChangelogNode,
): { readonly changeset: Changeset; readonly reason: string } | undefined {
  const changes = changesOf(node)
  const isSql = changes.every(({ name }) => name === 'sql') || isOneFile(changes)
  if (isSql && node.children.every(({ name }) => name !== 'modifySql')) return undefined
  const kinds = [...new Set(changes.map(({ name }) => name))].slice(0, 3).join(', ')
  const { author = '', id = '' } = node.attributes
  return {
    changeset: filterOf(node),
    reason: `changeset ${author}:${id} is not SQL alone (${kinds || 'modifySql'})`,
  }
}

function isOneFile(changes: readonly ChangelogNode[]): boolean {
  return changes.length === 1 && changes[0]?.name === 'sqlFile'
}

function filterOf({ attributes }: ChangelogNode): Changeset {
  const { contextFilter, context = contextFilter, labels, dbms, ignore } = attributes
  return {
    ...(context === undefined ? {} : { context }),
    ...(labels === undefined ? {} : { labels }),
    ...(dbms === undefined ? {} : { dbms }),
    ignored: ignore === 'true',
  }
}

/** Reads a changeSet that codeChangeset() does not take: `sql` elements, or one `sqlFile`; undefined without any. */
export function sqlChangeset(
  node: ChangelogNode,
  file: string,
  text: string,
  parameters: LiquibaseParameters,
): SqlChangeset | undefined {
  const changes = changesOf(node)
  const [first] = changes
  if (first === undefined) return undefined
  const { path, relativeToChangelogFile } = first.attributes
  const own = path === undefined ? inPlace(changes, file, text, parameters) : { text, start: 0, end: 0 }
  const rollback = rollbackOf(node, file, text, parameters)
  const changeset = {
    ...{ ...headOf(node, first), start: own.start, end: own.end },
    ...(rollback === undefined ? {} : { rollback }),
  }
  if (path === undefined) return { changeset, text: own.text }
  return {
    changeset,
    text,
    path: { text: parameters.expand(path, file), isRelative: relativeToChangelogFile === 'true' },
  }
}

function headOf(node: ChangelogNode, change: ChangelogNode): Omit<LiquibaseChangeset, 'start' | 'end'> {
  const { attributes } = node
  const { endDelimiter, splitStatements, stripComments, dbms } = change.attributes
  const says = (value: string | undefined, otherwise: boolean): boolean =>
    value === undefined ? otherwise : value.toLowerCase() === 'true'
  return {
    ignored: false,
    ...(dbms === undefined ? {} : { dbms }),
    ...filterOf(node),
    author: attributes['author'] ?? '',
    id: attributes['id'] ?? '',
    runInTransaction: says(attributes['runInTransaction'], true),
    failOnError: says(attributes['failOnError'], true),
    repeats: says(attributes['runOnChange'], false) || says(attributes['runAlways'], false),
    hasPreconditions: node.children.some(({ name }) => name === 'preConditions'),
    splitStatements: says(splitStatements, true),
    stripComments: says(stripComments, false),
    ...(endDelimiter === undefined ? {} : { endDelimiter }),
    ...(attributes['runWith'] === undefined ? {} : { runWith: attributes['runWith'] }),
  }
}

/** The changelog with the SQL of these elements decoded and filled in where it stands, from the first to the last. */
function inPlace(
  changes: readonly ChangelogNode[],
  file: string,
  text: string,
  parameters: LiquibaseParameters,
): { readonly text: string; readonly start: number; readonly end: number } {
  let result = ''
  let at = 0
  let start = 0
  changes.forEach((change, index) => {
    const own = sqlOf(change)
    const sql = parameters.expand(own.text, file)
    // what stands between two elements would be sent as SQL, so that only its line breaks are kept
    const before = text.slice(at, own.place.start)
    result += index === 0 ? before : `;${before.replaceAll(/[^\r\n]/g, ' ')}`
    if (index === 0) start = result.length
    result += sql
    at = own.place.end
  })
  return { text: result + text.slice(at), start, end: result.length }
}

/** A rollback of SQL alone: text, or `sql` elements; undefined for other changes, and where nothing is to be done. */
function rollbackOf(
  { children }: ChangelogNode,
  file: string,
  text: string,
  parameters: LiquibaseParameters,
): LiquibaseRollback | undefined {
  const rollbacks = children.filter(({ name }) => name === 'rollback')
  const changes = rollbacks.flatMap((node) => (node.children.length === 0 ? [node] : node.children))
  const [first] = changes
  const isSql = changes.every(
    ({ name, children: own }) => name === 'sql' || (name === 'rollback' && own.length === 0),
  )
  if (first === undefined || !isSql || changes.every((one) => sqlOf(one).text.trim() === '')) return undefined
  if (rollbacks.some(({ attributes }) => attributes['changeSetId'] !== undefined)) return undefined
  const { splitStatements, stripComments, endDelimiter } = first.attributes
  return {
    ...inPlace(changes, file, text, parameters),
    splitStatements: splitStatements?.toLowerCase() !== 'false',
    stripComments: stripComments?.toLowerCase() === 'true',
    ...(endDelimiter === undefined ? {} : { endDelimiter }),
  }
}

/** `<sql>…</sql>`, `sql: …` and `sql: { sql: … }`. */
function sqlOf(change: ChangelogNode): ChangelogNode {
  return change.children.find(({ name }) => name === 'sql') ?? change
}
