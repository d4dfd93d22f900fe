/** What the tree of a query says about it, for everything that Postgres does not tell when it prepares it. */
import type {
  InsertStmt,
  MergeWhenClause,
  Node,
  RangeVar,
  ResTarget,
  SelectStmt,
  CopyStmt,
  CommonTableExpr,
} from '@pgsql/types'
import type { Query } from '../core/query-model.ts'
import { allOf, as, columnPath, walk, words } from '../sql/ast.ts'
import { readQuery } from '../sql/query.ts'
import { quoteIdent } from '../sql/quote.ts'

/** A query's SQL, ready to be tried. */
export interface QueryShape {
  readonly sql: string
  readonly tag: string
  /** What is prepared in its place; undefined when Postgres would not look into it before it runs it. */
  readonly probe: string | undefined
  /** `probe` is another statement that names the same things: for TRUNCATE, LOCK and their like. */
  readonly isSurrogate: boolean
  /** Nothing in it can break: BEGIN, SET, NOTIFY. */
  readonly isInert: boolean
  /** `SELECT *` or `RETURNING *` in what it gives back. */
  readonly star: boolean
  /** A column of its result may be NULL although its table's column may not: outer joins, set operations. */
  readonly mayAddNulls: boolean
  readonly hasConflictTarget: boolean
  /** Its planning may call functions, or look for an index. */
  readonly needsPlanning: boolean
  /** Relations that it names, quoted. */
  readonly relations: readonly string[]
  readonly inserts: readonly InsertShape[]
  /** Names of columns anywhere in it. */
  readonly columns: ReadonlySet<string>
}

/** Which columns an INSERT gives values to. */
export interface InsertShape {
  /** Quoted. */
  readonly relation: string
  /** Names, or how many from the first on; undefined: not known. */
  readonly columns: readonly string[] | number | undefined
  /** COPY without a list of columns: every row has as many fields as the table has columns. */
  readonly isCopy?: boolean
}

const planned: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

/** Utility statements that are analysed when they are prepared (transformStmt() in analyze.c). */
const resolved: ReadonlySet<string> = new Set([
  'CallStmt',
  'DeclareCursorStmt',
  'ExplainStmt',
  'CreateTableAsStmt',
])

/** Statements that name nothing of the schema. */
const inert: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'NotifyStmt',
  'ListenStmt',
  'UnlistenStmt',
  'DiscardStmt',
  'CheckPointStmt',
  'DeallocateStmt',
  'ClosePortalStmt',
  'FetchStmt',
])

/** Reads a query; one that our parser does not know is prepared as it is. */
export function queryShape({ sql, tag, node }: Pick<Query, 'sql' | 'tag' | 'node'>): QueryShape {
  const tree = node === undefined ? undefined : { [tag]: node }
  const surrogate = planned.has(tag) ? undefined : surrogateSql(sql, tag, node)
  const parts = readQuery(tree)
  const modified = parts.modifications.map(({ node: one }) => (one as { relation?: RangeVar }).relation)
  const top = planned.has(tag) || node === undefined
  const prepares = top || resolved.has(tag)
  const insertNodes = [
    ...(tag === 'InsertStmt' ? [node as InsertStmt] : []),
    ...parts.modifications.filter((one) => one.tag === 'InsertStmt').map((one) => one.node as InsertStmt),
  ]
  const hasConflictTarget = insertNodes.some(({ onConflictClause }) => onConflictClause !== undefined)
  return {
    sql,
    tag,
    probe: prepares ? sql : surrogate,
    isSurrogate: !prepares && surrogate !== undefined,
    isInert: inert.has(tag),
    star: hasStar(tag, node),
    mayAddNulls: tree === undefined || addsNulls(tree),
    hasConflictTarget,
    needsPlanning: hasConflictTarget || tree === undefined || parts.calls.length > 0,
    relations: [
      ...new Set([...parts.reads, ...modified, (node as { relation?: RangeVar })?.relation].flatMap(named)),
    ],
    columns: columnNames(tree),
    inserts: [...new Set(insertNodes)]
      .flatMap(insertShape)
      .concat(mergeInserts(tag, node), copyInsert(tag, node)),
  }
}

function columnNames(tree: object | undefined): ReadonlySet<string> {
  const names = new Set<string>()
  walk(tree, (tag, value) => {
    const name = tag === 'ColumnRef' ? columnPath(value as { fields?: Node[] }).at(-1) : undefined
    if (name !== undefined) names.add(name)
  })
  return names
}

function named(range: RangeVar | undefined): readonly string[] {
  if (range?.relname === undefined || range.catalogname !== undefined) return []
  const name = quoteIdent(range.relname)
  return [range.schemaname === undefined ? name : `${quoteIdent(range.schemaname)}.${name}`]
}

/** A query that fails where this utility statement would, as far as names go. */
function surrogateSql(sql: string, tag: string, node: Query['node']): string | undefined {
  switch (tag) {
    case 'TruncateStmt':
    case 'LockStmt': {
      const names = allOf<RangeVar>((node as { relations?: Node[] }).relations, 'RangeVar').flatMap(named)
      return names.length === 0 ? undefined : `select from ${names.join(', ')}`
    }
    case 'RefreshMatViewStmt': {
      const [name] = named((node as { relation?: RangeVar }).relation)
      return name === undefined ? undefined : `select from ${name}`
    }
    case 'CopyStmt': {
      const { relation, attlist, query } = node as unknown as CopyStmt
      if (query !== undefined) return /^[^(]*\((.*)\)\s*to\b/is.exec(sql)?.[1]
      const [name] = named(relation)
      return name === undefined
        ? undefined
        : `select ${words(attlist).map(quoteIdent).join(', ')} from ${name}`
    }
    default:
      return undefined
  }
}

function hasStar(tag: string, node: Query['node']): boolean {
  if (node === undefined) return false
  if (tag === 'SelectStmt') return selectsStar(node as unknown as SelectStmt, [])
  const { returningList, returningClause } = node as {
    returningList?: Node[]
    returningClause?: { exprs?: Node[] }
  }
  return isStarList(returningList ?? returningClause?.exprs)
}

function selectsStar(select: SelectStmt, ctes: readonly CommonTableExpr[]): boolean {
  const { larg, targetList, fromClause, withClause } = select
  const known = [...ctes, ...allOf<CommonTableExpr>(withClause?.ctes, 'CommonTableExpr')]
  if (larg !== undefined) return selectsStar(larg, known)
  if (!isStarList(targetList)) return false
  // SELECT * FROM (SELECT a, b …): the columns are written down all the same
  const [only] = fromClause ?? []
  if (fromClause?.length !== 1) return true
  const sub = as<{ subquery?: Node }>(only, 'RangeSubselect')?.subquery ?? cteNamed(only, known)?.ctequery
  if (sub === undefined) return true
  const inner = as<SelectStmt>(sub, 'SelectStmt')
  if (inner !== undefined) return selectsStar(inner, known)
  const [tag, below] = Object.entries(sub)[0] ?? ['', undefined]
  return hasStar(tag, below as Query['node'])
}

function cteNamed(from: Node | undefined, ctes: readonly CommonTableExpr[]): CommonTableExpr | undefined {
  const range = as<RangeVar>(from, 'RangeVar')
  if (range === undefined || range.schemaname !== undefined) return undefined
  return ctes.find(({ ctename }) => ctename === range.relname)
}

function isStarList(list: readonly Node[] | undefined): boolean {
  return allOf<ResTarget>(list, 'ResTarget').some(({ val }) => {
    const fields = as<{ fields?: Node[] }>(val, 'ColumnRef')?.fields
    return fields?.some((field) => as(field, 'A_Star') !== undefined) ?? false
  })
}

function addsNulls(tree: object): boolean {
  let found = false
  walk(tree, (tag, value) => {
    if (tag === 'JoinExpr') found ||= (value as { jointype?: string }).jointype !== 'JOIN_INNER'
    if (tag === 'GroupingSet' || tag === 'MergeStmt' || tag === 'ReturningOption') found = true
    if (tag === 'SelectStmt' && (value as SelectStmt).larg !== undefined) found = true
    // RETURNING old.a is NULL after an INSERT (18)
    if (tag === 'ColumnRef') found ||= /^(?:old|new)$/.test(columnPath(value as { fields?: Node[] })[0] ?? '')
    return !found
  })
  return found
}

function insertShape(insert: InsertStmt): readonly InsertShape[] {
  const [relation] = named(insert.relation)
  if (relation === undefined) return []
  const listed =
    insert.cols === undefined ? undefined : allOf<ResTarget>(insert.cols, 'ResTarget').map(nameOf)
  const select = as<SelectStmt>(insert.selectStmt, 'SelectStmt')
  if (insert.selectStmt === undefined) return [{ relation, columns: [] }]
  const rows = (select?.valuesLists ?? []).map((row) => as<{ items?: Node[] }>(row, 'List')?.items ?? [])
  const [first] = rows
  if (listed !== undefined) {
    const left = new Set(rows.flatMap((row) => row.flatMap((item, at) => (isDefault(item) ? [at] : []))))
    return [{ relation, columns: listed.filter((_, at) => !left.has(at)) }]
  }
  if (first !== undefined)
    return [{ relation, columns: rows.some((row) => row.some(isDefault)) ? undefined : first.length }]
  const targets = select?.larg === undefined ? select?.targetList : undefined
  return [{ relation, columns: targets === undefined || isStarList(targets) ? undefined : targets.length }]
}

function nameOf({ name }: ResTarget): string {
  return name ?? ''
}

/** DEFAULT among VALUES: the column gets what it would get if it were left out. */
function isDefault(item: Node): boolean {
  return as(item, 'SetToDefault') !== undefined
}

function mergeInserts(tag: string, node: Query['node']): readonly InsertShape[] {
  if (tag !== 'MergeStmt') return []
  const { relation, mergeWhenClauses } = node as { relation?: RangeVar; mergeWhenClauses?: Node[] }
  const [name] = named(relation)
  if (name === undefined) return []
  return allOf<MergeWhenClause>(mergeWhenClauses, 'MergeWhenClause')
    .filter(({ commandType }) => commandType === 'CMD_INSERT')
    .map(({ targetList, values }) => ({
      relation: name,
      columns:
        targetList === undefined
          ? (values?.length ?? 0)
          : allOf<ResTarget>(targetList, 'ResTarget').map(nameOf),
    }))
}

function copyInsert(tag: string, node: Query['node']): readonly InsertShape[] {
  if (tag !== 'CopyStmt') return []
  const { relation, attlist, is_from: isFrom } = node as unknown as CopyStmt
  const [name] = named(relation)
  if (name === undefined || isFrom !== true) return []
  return [
    {
      relation: name,
      columns: attlist === undefined ? undefined : words(attlist),
      isCopy: attlist === undefined,
    },
  ]
}
