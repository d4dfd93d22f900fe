import type {
  A_Expr,
  BoolExpr,
  ColumnRef,
  FuncCall,
  Node,
  NullTest,
  ResTarget,
  UpdateStmt,
} from '@pgsql/types'
import type { SchemaCatalogs, Statement } from '../core/model.ts'
import { allOf, as, columnPath, isNullLiteral, walk, words } from './ast.ts'
import { batchTable, batchTarget, type BatchTable } from './batch-table.ts'
import { batchedDelete, batchedUpdate, type BatchTarget } from './batches.ts'
import { differsFrom } from './column-difference.ts'
import { quoteIdent } from './quote.ts'
import { nodeOf } from './statement-nodes.ts'
import { isWord, splitAtCommas, tokenize, type Token } from './tokens.ts'

/**
 * The user's own UPDATE or DELETE of one table in batches, so that it may be stopped and run again. Undefined where each
 * row would not be done once: values that depend on themselves or change from call to call, WITH, RETURNING.
 */
export function batchedStatement(
  statement: Statement,
  relation: BatchTable['relation'],
  schema?: SchemaCatalogs,
): string | undefined {
  const remove = nodeOf(statement, 'DeleteStmt')
  const update = nodeOf(statement, 'UpdateStmt')
  const node = remove ?? update
  if (node === undefined || node.withClause !== undefined || node.returningClause !== undefined)
    return undefined
  const table = batchTable(relation, schema)
  const rows = batchTarget(table)
  if (rows === undefined) return undefined
  const alias = node.relation?.alias?.aliasname
  const joins = clause(statement.sql, remove === undefined ? 'FROM' : 'USING')
  const joined = remove?.usingClause !== undefined || update?.fromClause !== undefined
  if (joined && joins === undefined) return undefined
  const target: BatchTarget = {
    ...rows,
    ...(alias === undefined ? {} : { alias: quoteIdent(alias) }),
    ...(joined && joins !== undefined ? { joins } : {}),
  }
  const where = clause(statement.sql, 'WHERE')
  if (remove !== undefined) return batchedDelete(target, where === undefined ? [] : [where])
  return update === undefined ? undefined : batchUpdate(statement, update, { table, target, where })
}

interface Update {
  readonly table: BatchTable
  readonly target: BatchTarget
  readonly where: string | undefined
}

function batchUpdate(
  { sql }: Statement,
  node: UpdateStmt,
  { table, target, where }: Update,
): string | undefined {
  const set = clause(sql, 'SET')
  if (set === undefined) return undefined
  if (where !== undefined && isFalsified(node)) return batchedUpdate(target, set, [where])
  const pending = pendingCondition(node, set, table)
  if (pending === undefined) return undefined
  return batchedUpdate(target, set, where === undefined ? [pending] : [where, pending])
}

const endsOf = {
  SET: ['FROM', 'WHERE', 'RETURNING'],
  FROM: ['WHERE', 'RETURNING'],
  USING: ['WHERE', 'RETURNING'],
  WHERE: ['RETURNING'],
} as const

/** What stands after a keyword outside parentheses, up to the next clause. */
function clause(sql: string, keyword: keyof typeof endsOf): string | undefined {
  const ends = endsOf[keyword]
  let depth = 0
  let start: number | undefined
  let before: Token | undefined
  for (const token of tokenize(sql)) {
    if (token.text === '(') depth += 1
    else if (token.text === ')') depth -= 1
    const isOperator = isWord(before, 'DISTINCT') && isWord(token, 'FROM')
    before = token
    if (depth > 0 || isOperator) continue
    if (start === undefined) {
      if (isWord(token, keyword)) start = token.end
    } else if (ends.some((end) => isWord(token, end))) {
      return sql.slice(start, token.start).trim()
    }
  }
  return start === undefined ? undefined : sql.slice(start).trim()
}

/** True for the rows that are still to be done: an assigned column differs from what it will be. */
function pendingCondition(node: UpdateStmt, set: string, { types }: BatchTable): string | undefined {
  const targets = allOf<ResTarget>(node.targetList, 'ResTarget')
  const texts = splitAtCommas(set)
  if (texts.length !== targets.length) return undefined
  const own = node.relation?.alias?.aliasname ?? node.relation?.relname ?? ''
  const assigned = { names: new Set(targets.map(({ name }) => name ?? '')), own }
  const prefix = node.fromClause === undefined ? '' : `${quoteIdent(own)}.`
  const differences: string[] = []
  for (const [index, { name = '', val, indirection }] of targets.entries()) {
    const text = texts[index] ?? ''
    const value = text.slice(text.indexOf('=') + 1).trim()
    if (
      indirection !== undefined ||
      as(val, 'MultiAssignRef') !== undefined ||
      isWord(tokenize(value)[0], 'DEFAULT')
    ) {
      return undefined
    }
    if (isRepeatable(val, assigned)) {
      differences.push(differsFrom(prefix + quoteIdent(name), { node: val, text: value }, types?.get(name)))
    } else if (dependsOnItself(val, assigned)) return undefined
  }
  return differences.length === 0 ? undefined : differences.join(' OR ')
}

/** Functions that give the same for the same arguments, and that backfills use. */
const pureFunctions: ReadonlySet<string> = new Set(
  'abs btrim ceil concat floor format greatest initcap left length lower lpad ltrim md5 replace right round rpad rtrim split_part substring trim trunc upper'.split(
    ' ',
  ),
)

const volatileNotNull: ReadonlySet<string> = new Set(
  'clock_timestamp gen_random_uuid nextval now random statement_timestamp uuid_generate_v4 uuidv4 uuidv7'.split(
    ' ',
  ),
)

/** Evaluated again, also after the update, it gives the same value. */
function isRepeatable(value: Node | undefined, assigned: Assigned): boolean {
  let repeatable = true
  walk(value, (tag, part) => {
    if (tag === 'FuncCall' && !pureFunctions.has(functionName(part as FuncCall))) repeatable = false
    if (tag === 'SQLValueFunction' || tag === 'SubLink' || tag === 'ParamRef') repeatable = false
  })
  return repeatable && !dependsOnItself(value, assigned)
}

function dependsOnItself(value: Node | undefined, assigned: Assigned): boolean {
  let depends = false
  walk(value, (tag, part) => {
    if (tag !== 'ColumnRef') return
    const path = columnPath(part as ColumnRef)
    const isOwn = path.length === 1 || path.at(-2) === assigned.own
    if (isOwn && assigned.names.has(path.at(-1) ?? '')) depends = true
  })
  return depends
}

/** Columns that the UPDATE sets, and what its text calls their table. */
interface Assigned {
  readonly names: ReadonlySet<string>
  readonly own: string
}

function functionName(call: FuncCall): string {
  return words(call.funcname).at(-1) ?? ''
}

/** `SET c = <never NULL> WHERE c IS NULL [AND …]`: a row that is done does not match again. */
function isFalsified({ whereClause, targetList }: UpdateStmt): boolean {
  return conjuncts(whereClause).some((condition) => {
    const test = as<NullTest>(condition, 'NullTest')
    if (test?.nulltesttype !== 'IS_NULL') return false
    const column = as<ColumnRef>(test.arg, 'ColumnRef')
    const name = column === undefined ? undefined : columnPath(column).at(-1)
    const target = allOf<ResTarget>(targetList, 'ResTarget').find((candidate) => candidate.name === name)
    return target !== undefined && isNeverNull(target.val)
  })
}

function conjuncts(condition: Node | undefined): readonly (Node | undefined)[] {
  const both = as<BoolExpr>(condition, 'BoolExpr')
  return both?.boolop === 'AND_EXPR' ? (both.args ?? []).flatMap(conjuncts) : [condition]
}

function isNeverNull(value: Node | undefined): boolean {
  if (as<A_Expr>(value, 'A_Const') !== undefined) return !isNullLiteral(value)
  if (as(value, 'SQLValueFunction') !== undefined) return true
  const call = as<FuncCall>(value, 'FuncCall')
  return call !== undefined && volatileNotNull.has(functionName(call))
}
