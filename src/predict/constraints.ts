import type { AlterTableCmd, Constraint as ConstraintNode } from '@pgsql/types'
import { as, words } from '../sql/ast.ts'
import {
  columnByName,
  columnByNumber,
  isIndex,
  type Constraint,
  type TableRecord,
} from '../sql/schema-records.ts'
import { isProvenNotNull } from './alter-column.ts'
import type { AlterPlan } from './alter-plan.ts'
import type { PredictContext } from './context.ts'
import { addForeignKey, dropForeignKey, validateForeignKey } from './foreign-keys.ts'

/** ADD CONSTRAINT on one table (its children come on their own). */
export function addConstraint(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  command: AlterTableCmd,
): void {
  const node = as<ConstraintNode>(command.def, 'Constraint')
  switch (node?.contype) {
    case 'CONSTR_CHECK':
      if (node.skip_validation !== true && node.is_enforced !== false) plan.validate(table, 'add check')
      return
    case 'CONSTR_NOTNULL':
      return addNotNull(plan, table, node)
    case 'CONSTR_FOREIGN':
      return addForeignKey(context, plan, table, node)
    case 'CONSTR_UNIQUE':
      if (node.indexname === undefined) plan.build(table, 'add unique')
      return
    case 'CONSTR_EXCLUSION':
      return plan.build(table, 'add exclude')
    case 'CONSTR_PRIMARY':
      return addPrimaryKey(context, plan, table, node)
    default:
  }
}

function addNotNull(plan: AlterPlan, table: TableRecord, node: ConstraintNode): void {
  if (node.skip_validation === true) return
  const column = columnByName(table, words(node.keys)[0] ?? '')
  if (column === undefined || !isProvenNotNull(table, column)) plan.validate(table, 'add not null')
}

/** ADD PRIMARY KEY: builds an index unless it is given one, and checks columns that may be NULL. */
function addPrimaryKey(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  node: ConstraintNode,
): void {
  const usesIndex = node.indexname !== undefined
  if (!usesIndex) plan.build(table, 'add pk')
  const columns = usesIndex
    ? indexColumns(context, table, node.indexname ?? '')
    : words(node.keys).map((name) => columnByName(table, name))
  const isProven = columns.every((column) => column !== undefined && isProvenNotNull(table, column))
  // a column that no file tells about may be either; the common case is one that is NOT NULL already
  const isKnown = table.isKnown || columns.some((column) => column !== undefined)
  if (isKnown && !isProven) plan.validate(table, usesIndex ? 'add pk using index (col nullable)' : 'add pk')
}

function indexColumns(context: PredictContext, table: TableRecord, name: string) {
  const index = context.schema.at(table.schema, name)
  if (!isIndex(index)) return []
  return index.keys.map((number) => columnByNumber(table, number))
}

/** VALIDATE CONSTRAINT on one table. An unknown constraint is taken to be not validated yet. */
export function validateConstraint(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  name: string,
): void {
  const constraint = table.constraints.find((one) => one.name === name)
  if (constraint === undefined) {
    if (!table.isKnown) plan.validate(table, 'validate constraint')
  } else if (constraint.kind === 'foreign key') {
    validateForeignKey(context, plan, table, constraint)
  } else if (!constraint.isValidated) {
    plan.validate(table, constraint.kind === 'check' ? 'validate check' : 'validate not null')
  }
}

/** DROP CONSTRAINT: also locks the other side of a foreign key, and with CASCADE the holders of keys on it. */
export function dropConstraint(context: PredictContext, table: TableRecord, command: AlterTableCmd): void {
  const constraint = table.constraints.find((one) => one.name === command.name)
  if (constraint === undefined) return
  if (constraint.kind === 'foreign key') return dropForeignKey(context, table, constraint, 'drop FK')
  if (!('index' in constraint) || command.behavior !== 'DROP_CASCADE') return
  for (const { holder, key } of foreignKeysOn(context, table, constraint)) {
    dropForeignKey(context, holder, key, 'drop key cascade')
  }
}

function foreignKeysOn(context: PredictContext, table: TableRecord, constraint: Constraint) {
  return context.schema.tables(table.referencedBy).flatMap((holder) =>
    holder.constraints.flatMap((key) => {
      if (key.kind !== 'foreign key' || key.table !== table.id) return []
      const rests =
        key.referencedColumns.length === constraint.columns.length &&
        key.referencedColumns.every((column) => constraint.columns.includes(column))
      return rests ? [{ holder, key }] : []
    }),
  )
}
