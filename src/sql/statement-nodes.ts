import type {
  AlterDomainStmt,
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  Constraint,
  CreateStmt,
  DeleteStmt,
  DropStmt,
  IndexStmt,
  InsertStmt,
  LockStmt,
  Node,
  RefreshMatViewStmt,
  ReindexStmt,
  RenameStmt,
  TruncateStmt,
  UpdateStmt,
  VacuumStmt,
} from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf } from './ast.ts'
import { isWord, splitAtCommas, tokenize } from './tokens.ts'

/** Statement nodes that rules look into, by tag. */
export interface StatementNodes {
  readonly AlterDomainStmt: AlterDomainStmt
  readonly AlterTableStmt: AlterTableStmt
  readonly CreateStmt: CreateStmt
  readonly DeleteStmt: DeleteStmt
  readonly DropStmt: DropStmt
  readonly IndexStmt: IndexStmt
  readonly InsertStmt: InsertStmt
  readonly LockStmt: LockStmt
  readonly RefreshMatViewStmt: RefreshMatViewStmt
  readonly ReindexStmt: ReindexStmt
  readonly RenameStmt: RenameStmt
  readonly TruncateStmt: TruncateStmt
  readonly UpdateStmt: UpdateStmt
  readonly VacuumStmt: VacuumStmt
}

/** The statement's typed tree, when it is of that kind. */
export function nodeOf<T extends keyof StatementNodes>(
  { tag: actual, node }: Statement,
  tag: T,
): StatementNodes[T] | undefined {
  return actual === tag ? (node as StatementNodes[T] | undefined) : undefined
}

/** Statements whose text says little about what they do: their effects come from inside code. */
export function isOpaque({ tag }: Statement): boolean {
  return opaqueTags.has(tag)
}

const opaqueTags: ReadonlySet<string> = new Set([
  'DoStmt',
  'CallStmt',
  'SelectStmt',
  'ExecuteStmt',
  'Unparsed',
])

/** One action of an ALTER TABLE. */
export interface AlterAction {
  readonly command: AlterTableCmd
  /** `ADD COLUMN note text`, as written. */
  readonly text: string
  /** Offset of `text` in the statement. */
  readonly start: number
  /** `ALTER TABLE ONLY shop.orders`, as written: what has to stand before each action. */
  readonly head: string
}

/**
 * The actions of an ALTER TABLE (INDEX, VIEW, …) with their text. Empty for other statements, and where the
 * text and the tree do not agree, which no known syntax does.
 */
export function alterActions(statement: Statement): readonly AlterAction[] {
  return remembered(knownActions, statement, readActions)
}

const knownActions = new WeakMap<Statement, readonly AlterAction[]>()

/** Many rules ask the same of a statement, and cutting its text takes longer than all else that they do. */
function remembered<T>(known: WeakMap<Statement, T>, statement: Statement, read: (of: Statement) => T): T {
  const before = known.get(statement)
  if (before !== undefined) return before
  const value = read(statement)
  known.set(statement, value)
  return value
}

function readActions(statement: Statement): readonly AlterAction[] {
  const node = nodeOf(statement, 'AlterTableStmt')
  const location = node?.relation?.location
  if (node === undefined || location === undefined) return []
  const headEnd = endOfName(statement.sql, location)
  const pieces = splitAtCommas(statement.sql.slice(headEnd))
  const commands = allOf<AlterTableCmd>(node.cmds, 'AlterTableCmd')
  if (commands.length !== pieces.length) return []
  const head = statement.sql.slice(0, headEnd).trim()
  let from = headEnd
  return commands.map((command, index) => {
    const text = pieces[index] ?? ''
    const start = statement.sql.indexOf(text, from)
    from = start + text.length
    return { command, text, start, head }
  })
}

/** Offset just after a possibly qualified name (and its `*`) that begins at `start`. */
export function endOfName(sql: string, start: number): number {
  const tokens = tokenize(sql.slice(start), longestName)
  let last = 0
  while (tokens[last + 1]?.text === '.') last += 2
  if (tokens[last + 1]?.text === '*') last += 1
  return start + (tokens[last]?.end ?? 0)
}

/** Tokens of `database.schema.table *`, and the one after it. */
const longestName = 7

/** A constraint of a column or a table definition, with its text. */
export interface ConstraintText {
  readonly constraint: Constraint
  /** `CONSTRAINT positive CHECK (total > 0)`, with a trailing NOT VALID or DEFERRABLE, as written. */
  readonly text: string
}

/**
 * Takes constraints out of a column definition that begins at `start` of the statement.
 * Gives the definition without those that `remove` chooses, and the removed ones.
 */
export function cutColumn(
  text: string,
  start: number,
  column: ColumnDef,
  remove: (constraint: Constraint) => boolean,
): { readonly kept: string; readonly removed: readonly ConstraintText[] } {
  const constraints = allOf<Constraint>(column.constraints, 'Constraint')
  const removed: ConstraintText[] = []
  const cuts: [number, number][] = []
  for (const [index, constraint] of constraints.entries()) {
    if (isAttribute(constraint) || !remove(constraint)) continue
    const next = constraints.slice(index + 1).find((other) => !isAttribute(other))
    const from = (constraint.location ?? start) - start
    const to = next?.location === undefined ? text.length : next.location - start
    removed.push({ constraint, text: text.slice(from, to).trim() })
    cuts.push([from, to])
  }
  let kept = ''
  let at = 0
  for (const [from, to] of cuts) {
    kept += text.slice(at, from)
    at = to
  }
  return { kept: (kept + text.slice(at)).trim(), removed }
}

/** DEFERRABLE and the like are nodes of their own that belong to the constraint before them. */
function isAttribute({ contype }: Constraint): boolean {
  return contype?.startsWith('CONSTR_ATTR_') === true
}

/** The constraint's text without its leading `CONSTRAINT name`. */
export function withoutConstraintName(text: string): string {
  const tokens = tokenize(text)
  return isWord(tokens[0], 'CONSTRAINT') ? text.slice(tokens[2]?.start ?? 0) : text
}

/** A column or constraint of CREATE TABLE name (…). */
export interface TableElement {
  readonly node: Node
  readonly text: string
  /** Offset of `text` in the statement. */
  readonly start: number
}

/** The items between the outermost parentheses of CREATE TABLE name (…), with their text and offset. */
export function tableElements(statement: Statement): readonly TableElement[] {
  return remembered(knownElements, statement, readElements)
}

const knownElements = new WeakMap<Statement, readonly TableElement[]>()

function readElements(statement: Statement): readonly TableElement[] {
  const node = nodeOf(statement, 'CreateStmt')
  const body = elementList(statement)
  if (node === undefined || body === undefined) return []
  const pieces = splitAtCommas(statement.sql.slice(body.start, body.end))
  const nodes = node.tableElts ?? []
  if (nodes.length !== pieces.length) return []
  let from = body.start
  return nodes.map((element, index) => {
    const text = pieces[index] ?? ''
    const start = statement.sql.indexOf(text, from)
    from = start + text.length
    return { node: element, text, start }
  })
}

/** Offsets of what stands between the parentheses that follow the new table's name. */
export function elementList(
  statement: Statement,
): { readonly start: number; readonly end: number } | undefined {
  const location = nodeOf(statement, 'CreateStmt')?.relation?.location
  if (location === undefined) return undefined
  const nameEnd = endOfName(statement.sql, location)
  const tokens = tokenize(statement.sql).filter(({ start }) => start >= nameEnd)
  if (tokens[0]?.text !== '(') return undefined
  let depth = 0
  for (const token of tokens) {
    if (token.kind !== 'punctuation') continue
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth === 0) return { start: tokens[0].end, end: token.start }
  }
  return undefined
}

/**
 * Puts `words` after the first tokens that spell `phrase`, e.g. CONCURRENTLY after CREATE INDEX.
 * Each word of the phrase may be skipped when it ends with `?`. Undefined when the text begins otherwise.
 */
export function insertAfter(sql: string, phrase: readonly string[], words: string): string | undefined {
  const tokens = tokenize(sql)
  let at = 0
  for (const part of phrase) {
    const optional = part.endsWith('?')
    if (isWord(tokens[at], optional ? part.slice(0, -1) : part)) at += 1
    else if (!optional) return undefined
  }
  const end = tokens[at - 1]?.end ?? 0
  return `${sql.slice(0, end)} ${words}${sql.slice(end)}`
}
