import type { AlterTableCmd } from '@pgsql/types'
import { as } from '../sql/ast.ts'
import { columnByNumber, isTable, type ForeignKey, type TableRecord } from '../sql/schema-records.ts'
import { setNotNull } from './alter-column.ts'
import type { AlterPlan } from './alter-plan.ts'
import type { PredictContext } from './context.ts'
import { lockWithPartitions, validateBothSides } from './foreign-keys.ts'

/** ATAlterConstraint of parsenodes.h; a part that is not altered says nothing. */
interface ConstraintChange {
  readonly conname?: string
  readonly alterEnforceability?: boolean
  readonly is_enforced?: boolean
  readonly alterInheritability?: boolean
  readonly noinherit?: boolean
}

/** ALTER CONSTRAINT (ATExecAlterConstraint, tablecmds.c); enforcement and inheritance since PostgreSQL 18. */
export function alterConstraint(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  command: AlterTableCmd,
): void {
  const change = as<ConstraintChange>(command.def, 'ATAlterConstraint')
  const constraint = table.constraints.find(({ name }) => name === change?.conname)
  if (change === undefined || constraint === undefined) return
  if (constraint.kind === 'foreign key') {
    lockWithPartitions(context, table, 'AccessExclusiveLock', 'alter FK')
    if (change.alterEnforceability === true) enforce(context, plan, table, constraint, change)
    return
  }
  if (change.alterInheritability !== true) return
  for (const child of context.schema.withDescendants(table).slice(1)) {
    context.effects.lock(child, 'AccessExclusiveLock', 'alter constraint inherit')
    const column = columnByNumber(table, constraint.columns[0] ?? 0)
    if (change.noinherit !== true && column !== undefined) setNotNull(plan, child, column.name)
  }
}

/** Makes the key's triggers on both sides and checks all rows, or drops the triggers. */
function enforce(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  constraint: ForeignKey,
  change: ConstraintChange,
): void {
  const found = context.schema.find(constraint.table)
  const referenced = isTable(found) ? found : undefined
  const isEnforced = change.is_enforced === true
  const mode = isEnforced ? 'ShareRowExclusiveLock' : 'AccessExclusiveLock'
  if (referenced !== undefined) lockWithPartitions(context, referenced, mode, 'alter FK enforced')
  if (isEnforced) validateBothSides(context, plan, table, referenced, 'alter FK enforced')
}
