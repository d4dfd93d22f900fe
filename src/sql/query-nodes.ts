import type {
  A_Expr,
  BoolExpr,
  CoalesceExpr,
  ColumnRef,
  FuncCall,
  LockingClause,
  Node,
  NullTest,
  ResTarget,
  SelectStmt,
  SortBy,
  SubLink,
  TypeCast,
} from '@pgsql/types'
import { as } from './ast.ts'

/** Nodes below a query that rules look into, by tag. */
export interface QueryNodes {
  readonly A_Expr: A_Expr
  readonly BoolExpr: BoolExpr
  readonly CoalesceExpr: CoalesceExpr
  readonly ColumnRef: ColumnRef
  readonly FuncCall: FuncCall
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
