import type { A_Expr, ColumnRef, Node, NullTest, SelectStmt } from '@pgsql/types'
import { as, columnPath, literalText, unwrap, walk, words } from '../sql/ast.ts'
import { parseStatement } from '../sql/parse.ts'
import { tokenize } from '../sql/tokens.ts'

/** A column or an expression of one table, as an index could have it. */
export interface Key {
  /** As CREATE INDEX takes it: `customer_id`, `lower(email)`, `(a + b)`. */
  readonly sql: string
  /** Name of the column; absent for an expression. */
  readonly column?: string
}

/** What one condition wants of a table. */
export interface Wanted {
  readonly how: 'equal' | 'one of' | 'range' | 'join' | 'contains' | 'prefix' | 'pattern' | 'is true'
  /** Absent for what is only good for a partial index. */
  readonly key?: Key
  /** The condition itself, where it is about constants: what a partial index could have as its predicate. */
  readonly predicate?: string
}

/**
 * The conditions of a plan's text (ruleutils.c prints them with all parentheses) about the relation with these aliases.
 * What cannot be understood is left out: an index on it is not tried then.
 */
export function wantedBy(text: string, aliases: ReadonlySet<string>): readonly Wanted[] {
  // a list of thousands of values is no wish for an index that could be had otherwise
  if (text.length > longestText) return []
  return conjuncts(plain(text)).flatMap((condition) => readCondition(condition, aliases))
}

const longestText = 10_000

/** A sort key of a plan: `o.created_at DESC NULLS LAST`; undefined when it is not of this relation alone. */
export function sortKey(
  text: string,
  aliases: ReadonlySet<string>,
): { readonly key: Key; readonly order: string } | undefined {
  if (text.length > longestText) return undefined
  const [, expression = '', order = ''] =
    /^(.*?)((?: DESC)?(?: NULLS (?:FIRST|LAST))?)$/s.exec(plain(text)) ?? []
  const key = keyOf(expression, aliases)
  return key === undefined ? undefined : { key, order }
}

/** The results of sub-plans are values like parameters; EXPLAIN prints them as no SQL has them. */
function plain(text: string): string {
  return text.replace(/\(InitPlan \d+\)\.col\d+/g, '$1').replace(/(?<![\w$])\$\d+/g, '$1')
}

/** The parts of an AND, without their parentheses. */
function conjuncts(text: string): readonly string[] {
  const inner = withoutParentheses(text)
  const parts: string[] = []
  let [depth, start] = [0, 0]
  for (const token of tokenize(inner)) {
    if (token.text === '(' || token.text === '[') depth += 1
    else if (token.text === ')' || token.text === ']') depth -= 1
    else if (depth === 0 && token.text === 'OR') return [inner]
    else if (depth === 0 && token.text === 'AND') {
      parts.push(inner.slice(start, token.start))
      start = token.end
    }
  }
  if (start === 0) return [inner]
  return [...parts, inner.slice(start)].flatMap(conjuncts)
}

function withoutParentheses(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('(')) return trimmed
  let depth = 0
  for (const token of tokenize(trimmed)) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth === 0) return token.end === trimmed.length ? withoutParentheses(trimmed.slice(1, -1)) : trimmed
  }
  return trimmed
}

const prefix = 'SELECT '

function readCondition(text: string, aliases: ReadonlySet<string>): readonly Wanted[] {
  const node = expressionOf(text)
  const wrapped = unwrap(node)
  switch (wrapped?.tag) {
    case 'A_Expr':
      return readComparison(wrapped.value as A_Expr, text, aliases)
    case 'NullTest': {
      const argument = (wrapped.value as NullTest).arg
      const key = keyOf(text.replace(/ IS (NOT )?NULL$/, ''), aliases)
      if (argument === undefined || key === undefined) return []
      const isNull = (wrapped.value as NullTest).nulltesttype === 'IS_NULL'
      return [
        { how: isNull ? 'equal' : 'is true', ...(isNull ? { key } : {}), predicate: ownText(text, aliases) },
      ]
    }
    case 'ColumnRef':
    case 'BoolExpr':
      // a boolean column, or its negation, or an OR of constants
      return isConstant(node) && ownColumns(node, aliases) === 'only'
        ? [{ how: 'is true', predicate: ownText(text, aliases) }]
        : []
    default:
      return []
  }
}

const mirrored: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '<@': '@>' }

function readComparison(expression: A_Expr, text: string, aliases: ReadonlySet<string>): readonly Wanted[] {
  const { kind, location, lexpr, rexpr } = expression
  const operator = words(expression.name).at(-1) ?? ''
  if (location === undefined || lexpr === undefined) return []
  const at = location - prefix.length
  const left = text.slice(0, at)
  const right = text.slice(at + operator.length)
  const isOwn = ownColumns(lexpr, aliases) === 'only' && ownColumns(rexpr, aliases) === 'none'
  const key = isOwn ? keyOf(left, aliases) : undefined
  const predicate = isOwn && isLiteral(rexpr) ? { predicate: ownText(text, aliases) } : {}
  if (kind === 'AEXPR_OP_ANY' && operator === '=')
    return key === undefined ? [] : [{ how: 'one of', key, ...predicate }]
  if (kind !== 'AEXPR_OP')
    return key === undefined || predicate.predicate === undefined ? [] : [{ how: 'is true', ...predicate }]
  if (key !== undefined) return [{ how: howOf(operator, rexpr, hasOthers(rexpr)), key, ...predicate }]
  const isMirrored = ownColumns(rexpr, aliases) === 'only' && ownColumns(lexpr, aliases) === 'none'
  const other = isMirrored ? keyOf(right, aliases) : undefined
  if (other === undefined) return []
  const own = isLiteral(lexpr) ? { predicate: ownText(text, aliases) } : {}
  return [{ how: howOf(mirrored[operator] ?? operator, lexpr, hasOthers(lexpr)), key: other, ...own }]
}

function howOf(operator: string, value: Node | undefined, joins: boolean): Wanted['how'] {
  switch (operator) {
    case '=':
      return joins ? 'join' : 'equal'
    case '<':
    case '<=':
    case '>':
    case '>=':
      return 'range'
    case '@>':
    case '&&':
    case '@@':
    case '?':
      return 'contains'
    case '~~': {
      const pattern = literalText(value)
      return pattern === undefined || /^[%_]/.test(pattern) ? 'pattern' : 'prefix'
    }
    case '~~*':
    case '~':
    case '~*':
      return 'pattern'
    default:
      return 'is true'
  }
}

function expressionOf(text: string): Node | undefined {
  const { node } = parseStatement(`${prefix}${text}`)
  const [target] = (node as SelectStmt | undefined)?.targetList ?? []
  return as<{ val?: Node }>(target, 'ResTarget')?.val
}

/** The text as a key of an index; undefined when it has other columns than the relation's. */
function keyOf(text: string, aliases: ReadonlySet<string>): Key | undefined {
  const bare = withoutParentheses(text)
  const node = expressionOf(bare)
  if (node === undefined || ownColumns(node, aliases) !== 'only' || !isConstant(node)) return undefined
  // varchar is compared as text: an index on the column serves (RelabelType)
  const relabeled = as<{ arg?: Node; typeName?: { names?: Node[] } }>(node, 'TypeCast')
  const isText = relabeled !== undefined && words(relabeled.typeName?.names).join('.') === 'text'
  const reference = as<ColumnRef>(isText ? relabeled.arg : node, 'ColumnRef')
  if (reference === undefined) {
    const own = ownText(bare, aliases)
    // what looks like a function goes without parentheses of its own (index_elem in gram.y)
    const isCall = unwrap(node)?.tag === 'FuncCall' && /^[a-z_][\w.]*\(/.test(own)
    return { sql: isCall ? own : `(${own})` }
  }
  const column = columnPath(reference).at(-1) ?? ''
  const sql = ownText(isText ? withoutParentheses(bare.replace(/::text$/, '')) : bare, aliases)
  return { sql, column }
}

/** Without `alias.` in front of columns, as an index has its expressions. */
function ownText(text: string, aliases: ReadonlySet<string>): string {
  const tokens = tokenize(text)
  let [written, at] = ['', 0]
  for (const [index, token] of tokens.entries()) {
    const isName = token.kind === 'word' || token.kind === 'quoted identifier'
    if (!isName || tokens[index + 1]?.text !== '.' || !aliases.has(unquoted(token.text))) continue
    written += text.slice(at, token.start)
    at = tokens[index + 1]?.end ?? token.end
  }
  return (written + text.slice(at)).trim()
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
}

/** Whose columns does it have: of this relation only, of others as well, none? */
function ownColumns(node: Node | undefined, aliases: ReadonlySet<string>): 'only' | 'mixed' | 'none' {
  let [own, others] = [0, 0]
  walk({ node }, (tag, value) => {
    if (tag !== 'ColumnRef') return
    const path = columnPath(value as ColumnRef)
    if (path.length > 1 && aliases.has(path.at(-2) ?? '')) own += 1
    else others += 1
  })
  return own === 0 ? 'none' : others === 0 ? 'only' : 'mixed'
}

function hasOthers(node: Node | undefined): boolean {
  let found = false
  walk({ node }, (tag) => {
    if (tag === 'ColumnRef') found = true
  })
  return found
}

function isLiteral(node: Node | undefined): boolean {
  return isConstant(node) && !hasOthers(node)
}

/** Without parameters and sub-queries: it means the same whenever the query runs. */
function isConstant(node: Node | undefined): boolean {
  let found = false
  walk({ node }, (tag) => {
    if (tag === 'ParamRef' || tag === 'SubLink' || tag === 'SQLValueFunction') found = true
  })
  return !found
}
