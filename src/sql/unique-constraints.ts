import type { ColumnDef, Constraint } from '@pgsql/types'
import type { Relation, SchemaCatalogs, Statement, StatementSettings } from '../core/model.ts'
import { as, words } from './ast.ts'
import { addedName } from './added-names.ts'
import { defaultObjectName } from './names.ts'
import { quoteIdent, quoteName } from './quote.ts'
import { notNullSteps, stepOutsideTransaction, stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import { alterActions, cutColumn, type AlterAction } from './statement-nodes.ts'

/** A UNIQUE constraint or primary key that an ALTER TABLE adds. */
export interface UniqueConstraint {
  readonly isPrimary: boolean
  readonly name: string | undefined
  readonly columns: readonly string[]
  /** The index that it is made of, when it builds none. */
  readonly usingIndex: string | undefined
  readonly node: Constraint
}

/** The UNIQUE constraints and primary keys that the statement adds, also those of new columns. */
export function uniqueConstraints(statement: Statement): readonly UniqueConstraint[] {
  return alterActions(statement).flatMap(addedBy)
}

function addedBy({ command, text, start }: AlterAction): readonly UniqueConstraint[] {
  const constraint = as<Constraint>(command.def, 'Constraint')
  if (constraint !== undefined)
    return isUnique(constraint) ? [toUnique(constraint, words(constraint.keys))] : []
  const column = newColumn(command)
  if (column === undefined) return []
  const { removed } = cutColumn(text, start, column, isUnique)
  return removed.map((inline) => toUnique(inline.constraint, [column.colname ?? '']))
}

function newColumn(command: AlterAction['command']): ColumnDef | undefined {
  return command.subtype === 'AT_AddColumn' ? as<ColumnDef>(command.def, 'ColumnDef') : undefined
}

function isUnique({ contype }: Constraint): boolean {
  return contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_PRIMARY'
}

function toUnique(node: Constraint, columns: readonly string[]): UniqueConstraint {
  return {
    isPrimary: node.contype === 'CONSTR_PRIMARY',
    name: node.conname,
    columns,
    usingIndex: node.indexname,
    node,
  }
}

/**
 * The statement without these constraints, their unique indexes built concurrently, `required` columns proven
 * NOT NULL, and the constraints made of the indexes. Empty where the index cannot be spelled (WITHOUT OVERLAPS).
 */
export function uniqueSteps(
  statement: Statement,
  settings: StatementSettings,
  table: Relation,
  constraints: readonly UniqueConstraint[],
  required: readonly string[],
  schema?: SchemaCatalogs,
): readonly RemedyStep[] {
  if (constraints.some(({ node }) => node.without_overlaps === true)) return []
  const head = alterActions(statement)[0]?.head ?? ''
  const others = alterActions(statement).flatMap(withoutUnique)
  const named = constraints.map((constraint) => ({
    constraint,
    name: quoteIdent(constraint.name ?? chosenName(constraint, table, schema)),
  }))
  return [
    ...(others.length === 0 ? [] : [stepWithLockTimeout(settings, `${head} ${others.join(', ')}`)]),
    ...named.map(({ constraint, name }) => stepOutsideTransaction(uniqueIndexSql(constraint, name, table))),
    ...(required.length === 0 ? [] : notNullSteps(settings, table, required)),
    stepWithLockTimeout(
      settings,
      `${head} ${named.map(({ constraint, name }) => usingIndexSql(constraint, name)).join(', ')}`,
    ),
  ]
}

function withoutUnique({ command, text, start }: AlterAction): readonly string[] {
  const constraint = as<Constraint>(command.def, 'Constraint')
  if (constraint !== undefined) return isUnique(constraint) ? [] : [text]
  const column = newColumn(command)
  return [column === undefined ? text : cutColumn(text, start, column, isUnique).kept]
}

function uniqueIndexSql({ columns, node }: UniqueConstraint, name: string, table: Relation): string {
  const included = words(node.including)
  return [
    `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${quoteName(table)} (${columns.map(quoteIdent).join(', ')})`,
    ...(included.length === 0 ? [] : [`INCLUDE (${included.map(quoteIdent).join(', ')})`]),
    ...(node.nulls_not_distinct === true ? ['NULLS NOT DISTINCT'] : []),
  ].join(' ')
}

function usingIndexSql({ isPrimary, node }: UniqueConstraint, name: string): string {
  return [
    `ADD CONSTRAINT ${name} ${isPrimary ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${name}`,
    ...(node.deferrable === true ? ['DEFERRABLE'] : []),
    ...(node.initdeferred === true ? ['INITIALLY DEFERRED'] : []),
  ].join(' ')
}

/** As Postgres chose it, or would (ChooseIndexName, indexcmds.c). */
function chosenName(
  { isPrimary, columns, node }: UniqueConstraint,
  table: Relation,
  schema: SchemaCatalogs | undefined,
): string {
  const known = addedName(schema, table, isPrimary ? 'primary key' : 'unique', columns)
  if (known !== undefined) return known
  return isPrimary
    ? defaultObjectName(table.name, undefined, 'pkey')
    : defaultObjectName(table.name, [...columns, ...words(node.including)].join('_'), 'key')
}
