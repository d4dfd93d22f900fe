import type { A_Expr, BooleanTest, BoolExpr, ColumnRef, Node, NullTest } from '@pgsql/types'
import type { ColumnStatistics } from '../core/production.ts'
import { as, columnPath, literalText, unwrap, words } from '../sql/ast.ts'

/** Finds what is known of a column of the statement's only table. */
export type StatisticsOf = (column: string) => ColumnStatistics | undefined

/** DEFAULT_INEQ_SEL, utils/selfuncs.h. */
const inequality = 1 / 3

/**
 * The share of rows that a condition lets through, as the planner guesses it from NULLs and distinct values when it
 * has no values (var_eq_non_const(), boolvarsel() and clauselist_selectivity(), selfuncs.c and clausesel.c); undefined
 * where it would not know better than by chance.
 */
export function guessedShare(condition: Node, statisticsOf: StatisticsOf): number | undefined {
  const { tag } = unwrap(condition) ?? {}
  switch (tag) {
    case 'BoolExpr':
      return ofBool(as<BoolExpr>(condition, 'BoolExpr') ?? {}, statisticsOf)
    case 'NullTest':
      return ofNullTest(as<NullTest>(condition, 'NullTest') ?? {}, statisticsOf)
    case 'BooleanTest':
      return statisticsIn(as<BooleanTest>(condition, 'BooleanTest')?.arg, statisticsOf) && 0.5
    case 'ColumnRef':
      return statisticsIn(condition, statisticsOf) && 0.5
    case 'A_Expr':
      return ofComparison(as<A_Expr>(condition, 'A_Expr') ?? {}, statisticsOf)
    default:
      return undefined
  }
}

function ofBool({ boolop, args = [] }: BoolExpr, statisticsOf: StatisticsOf): number | undefined {
  const shares = args.map((one) => guessedShare(one, statisticsOf))
  const known = shares.filter((share) => share !== undefined)
  if (known.length === 0 || known.length < shares.length) return undefined
  if (boolop === 'NOT_EXPR') return 1 - (known[0] ?? 0)
  const product = (of: (share: number) => number): number => known.reduce((all, one) => all * of(one), 1)
  return boolop === 'AND_EXPR' ? product((share) => share) : 1 - product((share) => 1 - share)
}

function ofNullTest({ arg, nulltesttype }: NullTest, statisticsOf: StatisticsOf): number | undefined {
  const nulls = statisticsIn(arg, statisticsOf)?.nullFraction
  return nulls === undefined || nulltesttype === 'IS_NULL' ? nulls : 1 - nulls
}

function ofComparison({ kind, name, lexpr, rexpr }: A_Expr, statisticsOf: StatisticsOf): number | undefined {
  const [column, constants] = [lexpr, rexpr].every((side) => literalText(side) === undefined && !isList(side))
    ? [undefined, 0]
    : literalText(lexpr) === undefined
      ? [statisticsIn(lexpr, statisticsOf), countIn(rexpr)]
      : [statisticsIn(rexpr, statisticsOf), 1]
  if (column === undefined || (kind !== 'AEXPR_OP' && kind !== 'AEXPR_IN')) return undefined
  const present = 1 - column.nullFraction
  const operator = words(name).at(-1)
  const equal = Math.min(present, (present * constants) / distinctOf(column))
  if (operator === '=') return equal
  if (operator === '<>') return Math.max(0, present - equal)
  return operator !== undefined && /^[<>]=?$/.test(operator) ? present * inequality : undefined
}

/** Distinct values; of a share of the rows, there are too many to find one of them twice. */
function distinctOf({ distinct }: ColumnStatistics): number {
  return distinct > 0 ? distinct : 1000
}

function isList(node: Node | undefined): boolean {
  return unwrap(node)?.tag === 'List'
}

function countIn(node: Node | undefined): number {
  return as<{ items?: readonly Node[] }>(node, 'List')?.items?.length ?? 1
}

function statisticsIn(node: Node | undefined, statisticsOf: StatisticsOf): ColumnStatistics | undefined {
  const column = as<ColumnRef>(node, 'ColumnRef')
  const name = column === undefined ? undefined : columnPath(column).at(-1)
  return name === undefined ? undefined : statisticsOf(name)
}
