import type { ColumnDef, Constraint } from '@pgsql/types'
import { catalogEffects } from '../core/effects.ts'
import type { Effect, RewriteCause, Statement } from '../core/model.ts'
import { allOf, as } from './ast.ts'
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
  const changes = catalogEffects(effects, 'change type').map(
    ({ change }) => `${change.column} changes from ${change.from} to ${change.to}`,
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
  if (definitions.length > 0) return definitions.map(fillingText).join(', ')
  const added = catalogEffects(effects, 'add column').map(({ change }) => change.column.name)
  return `the new column ${added.join(', ')} gets a value in each row`.replace(/ {2}/, ' ')
}

function fillingText({ colname = '', constraints }: ColumnDef): string {
  const kinds = new Set(allOf<Constraint>(constraints, 'Constraint').map(({ contype }) => contype))
  if (kinds.has('CONSTR_GENERATED')) return `the stored column ${colname} is computed for each row`
  if (kinds.has('CONSTR_IDENTITY')) return `the identity column ${colname} numbers each row`
  if (kinds.has('CONSTR_DEFAULT')) return `the default of ${colname} is evaluated for each row`
  return `${colname} gets a value in each row`
}
