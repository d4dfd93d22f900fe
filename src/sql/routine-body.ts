import type { DefElem, DoStmt, FuncCall, Node, ResTarget, SelectStmt } from '@pgsql/types'
import { parsePlPgSQLSync, parseSync } from 'libpg-query'
import type { Statement } from '../core/model.ts'
import { allOf, as, literalText, unwrap, words, type UnwrappedNode } from './ast.ts'
import type { FunctionRecord } from './schema-records.ts'

/** The SQL that a DO block or function runs, as far as its text tells. */
export interface RoutineBody {
  readonly statements: readonly UnwrappedNode[]
  /** Why there may be more, as the end of a sentence about the block or function. */
  readonly unknown?: string
}

/** The statements of a DO block; of IF and CASE all branches, of exception handlers none. */
export function readDoBlock(node: DoStmt, sql: string): RoutineBody {
  const options = allOf<DefElem>(node.args, 'DefElem')
  const language = words([options.find(({ defname }) => defname === 'language')?.arg ?? { String: {} }])[0]
  if (language !== undefined && language !== '' && language !== 'plpgsql')
    return { statements: [], unknown: `is written in ${language}` }
  return readPlPgSql(sql)
}

/** What of a function says what it does. */
type WrittenFunction = Pick<FunctionRecord, 'language' | 'definition' | 'body' | 'sqlBody'>

/** The statements of a function or procedure that the files create. */
export function readFunctionBody(routine: WrittenFunction): RoutineBody {
  const known = bodies.get(routine)
  if (known !== undefined) return known
  const body = readBody(routine)
  bodies.set(routine, body)
  return body
}

const bodies = new WeakMap<WrittenFunction, RoutineBody>()

function readBody({ language, definition, body, sqlBody }: WrittenFunction): RoutineBody {
  if (sqlBody !== undefined) return { statements: standardBody(sqlBody) }
  if (language === 'plpgsql' && definition !== undefined) return readPlPgSql(definition)
  if (language !== 'sql') return { statements: [], unknown: `is written in ${language}` }
  return { statements: parseAll(body ?? '') }
}

function standardBody(node: Node): UnwrappedNode[] {
  const items = as<{ items?: Node[] }>(node, 'List')?.items
  if (items !== undefined) return items.flatMap(standardBody)
  const returned = as<{ returnval?: Node }>(node, 'ReturnStmt')
  if (returned?.returnval !== undefined) return [selectOf(returned.returnval)]
  return [unwrap(node) ?? { tag: 'Unparsed', value: {} }]
}

function selectOf(expression: Node): UnwrappedNode {
  const target: ResTarget = { val: expression }
  return { tag: 'SelectStmt', value: { targetList: [{ ResTarget: target }], op: 'SETOP_NONE' } }
}

function parseAll(sql: string): UnwrappedNode[] {
  try {
    return (parseSync(sql).stmts ?? []).flatMap(({ stmt }) => unwrap(stmt) ?? [])
  } catch {
    return []
  }
}

const dynamic = 'puts SQL together at run time'

function readPlPgSql(sql: string): RoutineBody {
  const reader = new PlPgSqlReader()
  try {
    const parsed = parsePlPgSQLSync(sql) as unknown as { plpgsql_funcs?: unknown[] }
    reader.visit(parsed.plpgsql_funcs)
  } catch {
    return { statements: [], unknown: 'is PL/pgSQL that our parser does not know' }
  }
  const { statements, unknown } = reader
  return unknown === undefined ? { statements } : { statements, unknown }
}

interface Expression {
  readonly PLpgSQL_expr?: { readonly query?: string; readonly parseMode?: number }
}

/** RawParseMode of the server's parser: a statement, or an expression that wants SELECT in front. */
const statementMode = 0
const assignmentMode = 3

/** Walks libpg_query's PL/pgSQL tree in the order of the text. */
class PlPgSqlReader {
  readonly statements: UnwrappedNode[] = []
  unknown: string | undefined

  visit(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item)
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, child] of Object.entries(value)) {
      if (key === 'PLpgSQL_exception_block' || key === 'exceptions') continue
      if (key === 'PLpgSQL_expr') this.addExpression(value as Expression)
      else if (key === 'PLpgSQL_stmt_dynexecute' || key === 'PLpgSQL_stmt_dynfors') this.addDynamic(child)
      else this.visit(child)
    }
  }

  private addExpression({ PLpgSQL_expr: expression }: Expression): void {
    let query = expression?.query ?? ''
    const mode = expression?.parseMode ?? statementMode
    if (mode !== statementMode) {
      if (mode >= assignmentMode) query = query.slice(query.indexOf('=') + 1)
      // plain arithmetic touches no table
      if (!query.includes('(')) return
      query = `SELECT ${query}`
    }
    this.statements.push(...parseAll(query))
  }

  private addDynamic(statement: unknown): void {
    const { query, body } = statement as { query?: Expression; body?: unknown }
    const text = constantText(query?.PLpgSQL_expr?.query ?? '')
    if (text === undefined) this.unknown = dynamic
    else this.statements.push(...parseAll(text))
    this.visit(body)
  }
}

/** The value of an expression of literals only: concatenated, or through format(). */
function constantText(expression: string): string | undefined {
  const [parsed] = parseAll(`SELECT ${expression}`)
  const target = (parsed?.value as SelectStmt | undefined)?.targetList?.[0]
  return evaluate(as<ResTarget>(target, 'ResTarget')?.val)
}

function evaluate(node: Node | undefined): string | undefined {
  const literal = literalText(node)
  if (literal !== undefined) return literal
  const operation = as<{ name?: Node[]; lexpr?: Node; rexpr?: Node }>(node, 'A_Expr')
  if (operation !== undefined) {
    if (words(operation.name)[0] !== '||') return undefined
    const [left, right] = [evaluate(operation.lexpr), evaluate(operation.rexpr)]
    return left === undefined || right === undefined ? undefined : left + right
  }
  const call = as<FuncCall>(node, 'FuncCall')
  if (call === undefined || words(call.funcname).at(-1) !== 'format') return undefined
  const [template, ...values] = (call.args ?? []).map(evaluate)
  return template === undefined ? undefined : fillTemplate(template, values)
}

/** format() with %s, %I, %L and %%; positions and widths are left to the rehearsal. */
function fillTemplate(template: string, values: readonly (string | undefined)[]): string | undefined {
  let next = 0
  let failed = false
  const filled = template.replaceAll(/%(.)/g, (_match, kind: string) => {
    if (kind === '%') return '%'
    const value = values[next]
    next += 1
    if (value === undefined || !'sIL'.includes(kind)) failed = true
    if (kind === 'I') return `"${(value ?? '').replaceAll('"', '""')}"`
    return kind === 'L' ? `'${(value ?? '').replaceAll("'", "''")}'` : (value ?? '')
  })
  return failed ? undefined : filled
}

/** The tree of a statement for walk(); of a DO block, those of the statements inside, as far as its text tells. */
export function statementTrees({ tag, node, sql }: Statement): readonly object[] {
  if (tag !== 'DoStmt') return [{ [tag]: node }]
  return readDoBlock(node as DoStmt, sql).statements.map((inner) => ({ [inner.tag]: inner.value }))
}
