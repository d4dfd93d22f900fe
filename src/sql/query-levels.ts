/** A query taken apart: each SELECT, UPDATE and DELETE in it, at any depth, with what it reads and what its rows must pass. */
import type {
  DeleteStmt,
  JoinExpr,
  Node,
  RangeFunction,
  RangeSubselect,
  RangeTableSample,
  RangeVar,
  SelectStmt,
  SubLink,
  UpdateStmt,
  WithClause,
} from '@pgsql/types'
import { allOf, as, unwrap, words } from './ast.ts'

/** What stands in FROM, or is written to. */
export interface QuerySource {
  /** The name that columns are qualified with; empty for a sub-select without one. */
  readonly alias: string
  readonly kind: 'table' | 'common table' | 'sub-select' | 'values' | 'function'
  readonly schema?: string
  /** Of a table or common table expression. */
  readonly name?: string
  readonly select?: SelectStmt
  readonly isLateral: boolean
  /** TABLESAMPLE */
  readonly isSample: boolean
  /** Its columns can be NULL because an outer join found no row. */
  readonly canBeMissing: boolean
}

export interface QueryLevel {
  readonly tag: 'SelectStmt' | 'UpdateStmt' | 'DeleteStmt'
  readonly node: SelectStmt | UpdateStmt | DeleteStmt
  /** Where it stands: `statement` is the query itself, `in` the right side of IN, ANY or ALL. */
  readonly role:
    | 'statement'
    | 'set operation'
    | 'common table'
    | 'from'
    | 'exists'
    | 'in'
    | 'expression'
    | 'insert'
  /** The table that it writes to comes first. */
  readonly sources: readonly QuerySource[]
  /** What every row has to pass: WHERE and ON of inner joins, split at AND. */
  readonly conditions: readonly Node[]
  /** ON of outer joins. */
  readonly outerConditions: readonly Node[]
  /** Aliases that an explicit JOIN puts together. */
  readonly joined: readonly (readonly string[])[]
  readonly outer?: QueryLevel
  /** Common table expressions that it can name, with their queries. */
  readonly commonTables: ReadonlyMap<string, SelectStmt | undefined>
}

/** All levels, outermost first. Empty for what is no query. */
export function queryLevels(tag: string, node: object | undefined): readonly QueryLevel[] {
  if (node === undefined) return []
  const known = takenApart.get(node)
  if (known !== undefined) return known
  const levels: QueryLevel[] = []
  visitTagged(tag, node, { role: 'statement', commonTables: new Map() }, levels)
  takenApart.set(node, levels)
  return levels
}

// every rule asks, and a list of values may be a megabyte long
const takenApart = new WeakMap<object, readonly QueryLevel[]>()

interface Place extends Pick<QueryLevel, 'role' | 'commonTables' | 'outer'> {}

function visitTagged(tag: string, value: object, place: Place, levels: QueryLevel[]): void {
  switch (tag) {
    case 'SelectStmt':
      return visitLevel(tag, value as SelectStmt, place, levels)
    case 'UpdateStmt':
      return visitLevel(tag, value as UpdateStmt, place, levels)
    case 'DeleteStmt':
      return visitLevel(tag, value as DeleteStmt, place, levels)
    case 'SubLink': {
      const { subLinkType, testexpr, subselect } = value as SubLink
      visit(testexpr, { ...place, role: 'expression' }, levels)
      return visit(subselect, { ...place, role: subLinkRole(subLinkType) }, levels)
    }
    case 'RangeSubselect':
      return visit((value as RangeSubselect).subquery, { ...place, role: 'from' }, levels)
    default: {
      const { withClause } = value as { withClause?: WithClause }
      const inside = withClause === undefined ? place : visitWith(withClause, place, levels)
      const role = tag === 'InsertStmt' ? 'insert' : 'expression'
      visitFields(value, { ...inside, role }, levels)
    }
  }
}

function subLinkRole(type: SubLink['subLinkType']): QueryLevel['role'] {
  if (type === 'EXISTS_SUBLINK') return 'exists'
  return type === 'ANY_SUBLINK' || type === 'ALL_SUBLINK' ? 'in' : 'expression'
}

/** Below any value: a node, a list, or what has no tag. */
function visit(value: unknown, place: Place, levels: QueryLevel[]): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, place, levels)
  } else if (typeof value === 'object' && value !== null) {
    visitFields(value, place, levels)
  }
}

function visitFields(value: object, place: Place, levels: QueryLevel[]): void {
  for (const key in value) {
    if (leaves.has(key)) continue
    const child = (value as Record<string, unknown>)[key]
    if (typeof child !== 'object' || child === null) continue
    const initial = key.charCodeAt(0)
    const isTag = initial >= 65 && initial <= 90
    if (isTag) visitTagged(key, child, place, levels)
    else visit(child, place, levels)
  }
}

/** Below these stands no query; common tables are visited before. */
const leaves: ReadonlySet<string> = new Set(['A_Const', 'ColumnRef', 'ParamRef', 'TypeName', 'withClause'])

function visitWith(withClause: WithClause, place: Place, levels: QueryLevel[]): Place {
  const commonTables = new Map(place.commonTables)
  const inside = { ...place, commonTables, role: 'common table' as const }
  for (const { ctename, ctequery } of allOf<{ ctename?: string; ctequery?: Node }>(
    withClause.ctes,
    'CommonTableExpr',
  )) {
    if (withClause.recursive === true) commonTables.set(ctename ?? '', undefined)
    visit(ctequery, inside, levels)
    commonTables.set(ctename ?? '', as<SelectStmt>(ctequery, 'SelectStmt'))
  }
  return { ...place, commonTables }
}

type LevelNode = QueryLevel['node']

function visitLevel(tag: QueryLevel['tag'], node: LevelNode, place: Place, levels: QueryLevel[]): void {
  const own: QueryLevel[] = []
  const { withClause } = node
  const inside = withClause === undefined ? place : visitWith(withClause, place, own)
  const { larg, rarg } = node as SelectStmt
  const level: QueryLevel = {
    ...place,
    ...partsOf(tag, node, inside.commonTables),
    tag,
    node,
    commonTables: inside.commonTables,
  }
  levels.push(level, ...own)
  const role = place.role === 'statement' ? 'statement' : 'set operation'
  if (larg !== undefined) visitLevel('SelectStmt', larg, { ...inside, role }, levels)
  if (rarg !== undefined) visitLevel('SelectStmt', rarg, { ...inside, role }, levels)
  const below: Place = { role: 'expression', outer: level, commonTables: inside.commonTables }
  const { larg: _l, rarg: _r, ...rest } = node as SelectStmt
  visitFields(rest, below, levels)
}

type Parts = Pick<QueryLevel, 'sources' | 'conditions' | 'outerConditions' | 'joined'>

function partsOf(tag: QueryLevel['tag'], node: LevelNode, commonTables: QueryLevel['commonTables']): Parts {
  const parts: CollectedParts = { sources: [], conditions: [], outerConditions: [], joined: [] }
  if (tag !== 'SelectStmt') {
    const { relation } = node as UpdateStmt
    if (relation !== undefined) collectFrom({ RangeVar: relation }, false, new Map(), parts)
  }
  const from = tag === 'DeleteStmt' ? (node as DeleteStmt).usingClause : (node as SelectStmt).fromClause
  for (const item of from ?? []) collectFrom(item, false, commonTables, parts)
  return { ...parts, conditions: [...parts.conditions, ...conjuncts(node.whereClause)] }
}

interface CollectedParts {
  readonly sources: QuerySource[]
  readonly conditions: Node[]
  readonly outerConditions: Node[]
  readonly joined: (readonly string[])[]
}

function collectFrom(
  item: Node | undefined,
  canBeMissing: boolean,
  commonTables: QueryLevel['commonTables'],
  parts: CollectedParts,
): void {
  const wrapped = unwrap(item)
  if (wrapped === undefined) return
  if (wrapped.tag === 'JoinExpr')
    return collectJoin(wrapped.value as JoinExpr, canBeMissing, commonTables, parts)
  const source = sourceOf(wrapped.tag, wrapped.value, commonTables)
  parts.sources.push({ ...source, canBeMissing })
}

function collectJoin(
  join: JoinExpr,
  canBeMissing: boolean,
  commonTables: QueryLevel['commonTables'],
  parts: CollectedParts,
): void {
  const { jointype, larg, rarg, quals } = join
  const first = parts.sources.length
  const full = jointype === 'JOIN_FULL'
  collectFrom(larg, canBeMissing || full || jointype === 'JOIN_RIGHT', commonTables, parts)
  collectFrom(rarg, canBeMissing || full || jointype === 'JOIN_LEFT', commonTables, parts)
  parts.joined.push(parts.sources.slice(first).map(({ alias }) => alias))
  const target = jointype === 'JOIN_INNER' && !canBeMissing ? parts.conditions : parts.outerConditions
  target.push(...conjuncts(quals), ...usingConditions(join, parts.sources.slice(first)))
}

/** USING (a, b) as equalities of every source on the left with the last one, which is the right; others have no such column. */
function usingConditions({ usingClause }: JoinExpr, sources: readonly QuerySource[]): readonly Node[] {
  const right = sources.at(-1)
  if (usingClause === undefined || right === undefined) return []
  const reference = ({ alias }: QuerySource, column: string): Node => ({
    ColumnRef: { fields: [{ String: { sval: alias } }, { String: { sval: column } }] },
  })
  return words(usingClause).flatMap((column) =>
    sources.slice(0, -1).map((left): Node => ({
      A_Expr: {
        kind: 'AEXPR_OP',
        name: [{ String: { sval: '=' } }],
        lexpr: reference(left, column),
        rexpr: reference(right, column),
      },
    })),
  )
}

function sourceOf(
  tag: string,
  value: object,
  commonTables: QueryLevel['commonTables'],
): Omit<QuerySource, 'canBeMissing'> {
  const plain = { isLateral: false, isSample: false }
  if (tag === 'RangeTableSample') {
    const sampled = unwrap((value as RangeTableSample).relation)
    if (sampled !== undefined)
      return { ...sourceOf(sampled.tag, sampled.value, commonTables), isSample: true }
  }
  if (tag === 'RangeVar') return { ...plain, ...relationOf(value as RangeVar, commonTables) }
  if (tag === 'RangeSubselect') {
    const { subquery, alias, lateral = false } = value as RangeSubselect
    const select = as<SelectStmt>(subquery, 'SelectStmt')
    const kind = select?.valuesLists === undefined ? 'sub-select' : 'values'
    return {
      ...plain,
      kind,
      alias: alias?.aliasname ?? '',
      isLateral: lateral,
      ...(select === undefined ? {} : { select }),
    }
  }
  // a function, XMLTABLE or JSON_TABLE
  const { alias } = value as RangeFunction
  return { ...plain, kind: 'function', alias: alias?.aliasname ?? '', isLateral: true }
}

function relationOf(
  range: RangeVar,
  commonTables: QueryLevel['commonTables'],
): Pick<QuerySource, 'alias' | 'kind' | 'schema' | 'name' | 'select'> {
  const { schemaname: schema, relname: name = '' } = range
  const alias = range.alias?.aliasname ?? name
  if (schema === undefined && commonTables.has(name)) {
    const select = commonTables.get(name)
    return { alias, kind: 'common table', name, ...(select === undefined ? {} : { select }) }
  }
  return { alias, kind: 'table', name, ...(schema === undefined ? {} : { schema }) }
}

/** An expression split at its top-level ANDs. */
export function conjuncts(expression: Node | undefined): readonly Node[] {
  if (expression === undefined) return []
  const bool = as<{ boolop?: string; args?: Node[] }>(expression, 'BoolExpr')
  return bool?.boolop === 'AND_EXPR' ? (bool.args ?? []).flatMap(conjuncts) : [expression]
}
