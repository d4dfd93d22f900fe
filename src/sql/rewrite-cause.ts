import type { ColumnDef, Constraint, FuncCall, Node } from '@pgsql/types'
import { catalogEffects } from '../core/effects.ts'
import { displayType } from '../core/locks.ts'
import type { Effect, RewriteCause, Statement } from '../core/model.ts'
import { allOf, as, words } from './ast.ts'
import { alterActions } from './statement-nodes.ts'

/** Why a table is written anew, in words that follow a colon: `total changes from integer to bigint`. */
export function rewriteCauseText(
  statement: Statement,
  effects: readonly Effect[],
  cause: RewriteCause,
): string {
  switch (cause) {
    case 'column type':
    case 'index rebuild':
      return typeChangeText(statement, effects)
    case 'column default':
      return newColumnText(statement, effects)
    case 'persistence':
      return /\bunlogged\b/i.test(statement.sql) ? 'it becomes UNLOGGED' : 'it becomes LOGGED'
    default:
      return causes[cause]
  }
}

const causes: Readonly<
  Record<Exclude<RewriteCause, 'column type' | 'index rebuild' | 'column default' | 'persistence'>, string>
> = {
  'generated expression': 'a stored generated column is computed anew',
  'access method': 'its access method changes',
  tablespace: 'it moves to another tablespace',
  'vacuum full': 'VACUUM FULL packs it',
  cluster: 'CLUSTER sorts it',
  refresh: 'REFRESH fills it anew',
  reindex: 'REINDEX builds it anew',
  unknown: 'its file is replaced',
}

function typeChangeText(statement: Statement, effects: readonly Effect[]): string {
  const changes = catalogEffects(effects, 'change type').map(({ change: { column, from, to } }) =>
    from === to
      ? `${column} is computed anew`
      : `${column} changes from ${displayType(from)} to ${displayType(to)}`,
  )
  if (changes.length > 0) return [...new Set(changes)].join(', ')
  const columns = alterActions(statement).flatMap(({ command }) =>
    command.subtype === 'AT_AlterColumnType' ? [command.name ?? ''] : [],
  )
  return columns.length === 0 ? 'a column type changes' : `the type of ${columns.join(', ')} changes`
}

function newColumnText(statement: Statement, effects: readonly Effect[]): string {
  const definitions = alterActions(statement).flatMap(({ command }) =>
    command.subtype === 'AT_AddColumn' ? (as<ColumnDef>(command.def, 'ColumnDef') ?? []) : [],
  )
  const certain = definitions.filter(fillsEachRow)
  // a column of a domain with a check is filled too, and its definition does not show it
  const filled = certain.length > 0 ? certain : definitions
  if (filled.length > 0) return filled.map(fillingText).join(', ')
  const added = catalogEffects(effects, 'add column').map(({ change }) => change.column.name)
  return `the new column ${added.join(', ')} gets a value in each row`.replace(/ {2}/, ' ')
}

/** Does the column alone cause the rewrite? A default does when it may differ from row to row. */
function fillsEachRow({ constraints, typeName }: ColumnDef): boolean {
  if (/^(small|big)?serial[248]?$/.test(words(typeName?.names).at(-1) ?? '')) return true
  return allOf<Constraint>(constraints, 'Constraint').some(({ contype, raw_expr, generated_kind }) => {
    if (contype === 'CONSTR_GENERATED') return generated_kind !== 'v'
    return contype === 'CONSTR_IDENTITY' || (contype === 'CONSTR_DEFAULT' && callsOtherThanNow(raw_expr))
  })
}

/** Functions whose value is the same in all rows of a statement (STABLE), as people write them into defaults. */
const sameInAllRows: ReadonlySet<string> = new Set(['now', 'transaction_timestamp', 'statement_timestamp'])

function callsOtherThanNow(expression: unknown): boolean {
  if (Array.isArray(expression)) return expression.some(callsOtherThanNow)
  if (typeof expression !== 'object' || expression === null) return false
  const call = as<FuncCall>(expression as Node, 'FuncCall')
  if (call !== undefined && !sameInAllRows.has(words(call.funcname).at(-1) ?? '')) return true
  return Object.values(expression).some(callsOtherThanNow)
}

function fillingText({ colname = '', constraints }: ColumnDef): string {
  const kinds = new Set(allOf<Constraint>(constraints, 'Constraint').map(({ contype }) => contype))
  if (kinds.has('CONSTR_GENERATED')) return `the stored column ${colname} is computed for each row`
  if (kinds.has('CONSTR_IDENTITY')) return `the identity column ${colname} numbers each row`
  if (kinds.has('CONSTR_DEFAULT')) return `the default of ${colname} is evaluated for each row`
  return `${colname} gets a value in each row`
}
