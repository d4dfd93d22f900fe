import type {
  A_Const,
  A_Expr,
  BoolExpr,
  CoalesceExpr,
  ColumnRef,
  FuncCall,
  List,
  LockingClause,
  Node,
  NullTest,
  ResTarget,
  SelectStmt,
  SortBy,
  SubLink,
  TypeCast,
  TypeName,
} from '@pgsql/types'
import { as, walk } from './ast.ts'
import { formatType, readColumnType } from './column-type.ts'
import type { QueryLevel } from './query-levels.ts'

export type { Node as ExpressionNode } from '@pgsql/types'

/** Nodes below a query that rules look into, by tag. */
export interface QueryNodes {
  readonly A_Const: A_Const
  readonly A_Expr: A_Expr
  readonly BoolExpr: BoolExpr
  readonly CoalesceExpr: CoalesceExpr
  readonly ColumnRef: ColumnRef
  readonly FuncCall: FuncCall
  readonly List: List
  readonly LockingClause: LockingClause
  readonly NullTest: NullTest
  readonly ResTarget: ResTarget
  readonly SelectStmt: SelectStmt
  readonly SortBy: SortBy
  readonly SubLink: SubLink
  readonly TypeCast: TypeCast
}

/** A node's typed tree, when it is of that kind. */
export function nodeIn<T extends keyof QueryNodes>(
  node: Node | undefined,
  tag: T,
): QueryNodes[T] | undefined {
  return as<QueryNodes[T]>(node, tag)
}

/** What {@link walk} hands over, when it is of that kind. */
export function nodeAt<T extends keyof QueryNodes>(
  tag: string,
  value: object,
  wanted: T,
): QueryNodes[T] | undefined {
  return tag === wanted ? (value as QueryNodes[T]) : undefined
}

/** The tree of a level that is a SELECT. */
export function selectOf({ tag, node }: QueryLevel): SelectStmt | undefined {
  return nodeAt(tag, node, 'SelectStmt')
}

/** The columns that an expression names; not those in sub-selects. */
export function columnsIn(expression: Node | undefined): readonly Node[] {
  const found: Node[] = []
  walk(expression, (tag, value) => {
    if (tag === 'SubLink') return false
    if (tag === 'ColumnRef') found.push({ ColumnRef: value as ColumnRef })
  })
  return found
}

/** A type as format_type() prints it. */
export function formatTypeName(typeName: TypeName | undefined): string {
  return formatType(readColumnType(typeName, () => undefined))
}
