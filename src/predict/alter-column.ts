import type { AlterTableCmd, ColumnDef } from '@pgsql/types'
import { as } from '../sql/ast.ts'
import { implies } from '../sql/conditions.ts'
import { foreignKeysTo } from '../sql/schema-drop.ts'
import { notNullOn } from '../sql/schema-constraints.ts'
import {
  columnByName,
  isTable,
  type Column,
  type ForeignKey,
  type TableRecord,
} from '../sql/schema-records.ts'
import type { AlterPlan } from './alter-plan.ts'
import type { PredictContext } from './context.ts'
import { lockWithPartitions, validateBothSides } from './foreign-keys.ts'
import { typeChangeCost, type TypeChangeCost } from './types.ts'

/** SET NOT NULL on one table reads it, unless the column is known to hold no NULL. */
export function setNotNull(plan: AlterPlan, table: TableRecord, name: string): void {
  const column = columnByName(table, name)
  if (column !== undefined && isProvenNotNull(table, column)) return
  plan.validate(table, 'set not null (no check)')
}

/** NOT NULL already, or a validated CHECK that says so (NotNullImpliedByRelConstraints). */
export function isProvenNotNull(table: TableRecord, column: Column): boolean {
  if (column.notNull) return notNullOn(table, column.number)?.isValidated !== false
  return table.constraints.some(
    (constraint) =>
      constraint.kind === 'check' &&
      constraint.isValidated &&
      implies(constraint.guarantees, { kind: 'not null', column: column.number }),
  )
}

/** ALTER COLUMN … TYPE on one table, with the indexes, checks and foreign keys that hang on the column. */
export function changeType(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  command: AlterTableCmd,
): void {
  const definition = as<ColumnDef>(command.def, 'ColumnDef')
  if (definition === undefined) return
  const column = columnByName(table, command.name ?? '')
  const change = typeChangeCost(context, column, definition, context.settings.timeZone)
  if (change.cost === 'rewrite') plan.rewrite(table, 'column type', change.source)
  if (change.cost === 'unknown') {
    context.effects.unknown ??= `no file tells the type that ${table.name}.${command.name ?? ''} has now, which decides whether the table is rewritten`
  }
  if (column === undefined) return
  rebuildIndexes(context, plan, table, column, change)
  for (const constraint of table.constraints) {
    const mentions = constraint.columns.includes(column.number)
    if (mentions && constraint.kind === 'check' && constraint.isValidated) {
      plan.validate(table, `${change.source} re-checks ${constraint.name}`)
    }
    if (mentions && constraint.kind === 'foreign key') recheck(context, plan, table, constraint, change)
  }
  for (const holder of context.schema.tables(table.referencedBy)) {
    if (holder.id === table.id) continue
    for (const constraint of foreignKeysTo(holder, table.id)) {
      if (constraint.referencedColumns.includes(column.number)) {
        recheck(context, plan, holder, constraint, change)
      }
    }
  }
}

/** A rewrite builds all indexes anew; otherwise those are kept that CheckIndexCompatible() finds unchanged. */
function rebuildIndexes(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  column: Column,
  change: TypeChangeCost,
): void {
  if (change.cost === 'rewrite') return
  for (const index of context.schema.indexes(table.indexes)) {
    if (!index.columns.includes(column.number)) continue
    const isKept = index.isPlain && (change.cost !== 'rebuild indexes' || !index.keys.includes(column.number))
    if (isKept) continue
    plan.build(table, change.source)
    if (index.kind === 'index') context.effects.rewrite(index, 'index rebuild', change.source)
  }
}

/** A foreign key on the column is dropped and made again, which locks the other side. */
function recheck(
  context: PredictContext,
  plan: AlterPlan,
  holder: TableRecord,
  constraint: ForeignKey,
  { cost, source }: TypeChangeCost,
): void {
  const referenced = context.schema.find(constraint.table)
  lockWithPartitions(context, holder, 'AccessExclusiveLock', source)
  if (!isTable(referenced)) return
  lockWithPartitions(context, referenced, 'AccessExclusiveLock', source)
  const isChecked = constraint.isValidated && (cost === 'rewrite' || cost === 'rebuild indexes')
  if (isChecked) validateBothSides(context, plan, holder, referenced, source)
}
