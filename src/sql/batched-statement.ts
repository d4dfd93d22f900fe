import type {
  A_Expr,
  ColumnRef,
  DeleteStmt,
  FuncCall,
  Node,
  NullTest,
  ResTarget,
  UpdateStmt,
} from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf, as, columnPath, isNullLiteral, walk, words } from './ast.ts'
import { batchedDelete, batchedUpdate, type BatchTarget } from './batches.ts'
import { quoteIdent } from './quote.ts'
import { nodeOf } from './statement-nodes.ts'
import { isWord, splitAtCommas, tokenize } from './tokens.ts'

/**
 * The user's own UPDATE or DELETE of one table in batches. Undefined where we cannot be sure that the loop ends
 * and does each row once: joins, WITH, RETURNING, values that depend on themselves or change from call to call.
 */
export function batchedStatement(
  statement: Statement,
  relation: BatchTarget['relation'],
): string | undefined {
  const remove = nodeOf(statement, 'DeleteStmt')
  const update = nodeOf(statement, 'UpdateStmt')
  const node = remove ?? update
  if (node === undefined || node.withClause !== undefined || node.returningClause !== undefined)
    return undefined
  const alias = node.relation?.alias?.aliasname
  const target: BatchTarget = { relation, ...(alias === undefined ? {} : { alias: quoteIdent(alias) }) }
  const where = clause(statement.sql, 'WHERE')
  if (remove !== undefined) return batchDelete(remove, target, where)
  return update === undefined ? undefined : batchUpdate(statement, update, target, where)
}

function batchDelete(node: DeleteStmt, target: BatchTarget, where: string | undefined): string | undefined {
  if (node.usingClause !== undefined) return undefined
  return batchedDelete(target, where ?? 'true')
}

function batchUpdate(
  { sql }: Statement,
  node: UpdateStmt,
  target: BatchTarget,
  where: string | undefined,
): string | undefined {
  const set = clause(sql, 'SET')
  if (set === undefined || node.fromClause !== undefined) return undefined
  const pending = pendingCondition(node, set)
  if (pending === undefined) return undefined
  if (where === undefined) return batchedUpdate(target, set, pending)
  const falsified = isFalsified(node)
  return batchedUpdate(target, set, falsified ? where : `(${where}) AND (${pending})`)
}

/** What stands after a keyword outside parentheses, up to the next clause. */
function clause(sql: string, keyword: 'SET' | 'WHERE'): string | undefined {
  const ends = keyword === 'SET' ? ['FROM', 'WHERE', 'RETURNING'] : ['RETURNING']
  let depth = 0
  let start: number | undefined
  for (const token of tokenize(sql)) {
    if (token.text === '(') depth += 1
    else if (token.text === ')') depth -= 1
    if (depth > 0) continue
    if (start === undefined) {
      if (isWord(token, keyword)) start = token.end
    } else if (ends.some((end) => isWord(token, end))) {
      return sql.slice(start, token.start).trim()
    }
  }
  return start === undefined ? undefined : sql.slice(start).trim()
}

/** True for the rows that are still to be done: an assigned column differs from what it will be. */
function pendingCondition(node: UpdateStmt, set: string): string | undefined {
  const targets = allOf<ResTarget>(node.targetList, 'ResTarget')
  const texts = splitAtCommas(set)
  if (texts.length !== targets.length) return undefined
  const assigned = new Set(targets.map(({ name }) => name ?? ''))
  const fillsNull = isFalsified(node)
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
    if (isRepeatable(val, assigned))
      differences.push(`${quoteIdent(name)} IS DISTINCT FROM ${wrapped(value)}`)
    else if (dependsOnItself(val, assigned)) return undefined
  }
  if (differences.length === 0) return fillsNull ? 'true' : undefined
  return differences.join(' OR ')
}

function wrapped(value: string): string {
  return tokenize(value).length === 1 ? value : `(${value})`
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
function isRepeatable(value: Node | undefined, assigned: ReadonlySet<string>): boolean {
  let repeatable = true
  walk(value, (tag, part) => {
    if (tag === 'FuncCall' && !pureFunctions.has(functionName(part as FuncCall))) repeatable = false
    if (tag === 'SQLValueFunction' || tag === 'SubLink' || tag === 'ParamRef') repeatable = false
  })
  return repeatable && !dependsOnItself(value, assigned)
}

function dependsOnItself(value: Node | undefined, assigned: ReadonlySet<string>): boolean {
  let depends = false
  walk(value, (tag, part) => {
    if (tag === 'ColumnRef' && assigned.has(columnPath(part as ColumnRef).at(-1) ?? '')) depends = true
  })
  return depends
}

function functionName(call: FuncCall): string {
  return words(call.funcname).at(-1) ?? ''
}

/** `SET c = <never NULL> WHERE c IS NULL`: a row that is done does not match again. */
function isFalsified({ whereClause, targetList }: UpdateStmt): boolean {
  const test = as<NullTest>(whereClause, 'NullTest')
  if (test?.nulltesttype !== 'IS_NULL') return false
  const column = as<ColumnRef>(test.arg, 'ColumnRef')
  const name = column === undefined ? undefined : columnPath(column).at(-1)
  const target = allOf<ResTarget>(targetList, 'ResTarget').find((candidate) => candidate.name === name)
  return target !== undefined && isNeverNull(target.val)
}

function isNeverNull(value: Node | undefined): boolean {
  if (as<A_Expr>(value, 'A_Const') !== undefined) return !isNullLiteral(value)
  if (as(value, 'SQLValueFunction') !== undefined) return true
  const call = as<FuncCall>(value, 'FuncCall')
  return call !== undefined && volatileNotNull.has(functionName(call))
}
