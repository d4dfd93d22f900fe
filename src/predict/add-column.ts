import type { ColumnDef, Constraint as ConstraintNode } from '@pgsql/types'
import type { RewriteCause } from '../core/model.ts'
import { allOf, isNullLiteral } from '../sql/ast.ts'
import { isSerial } from '../sql/column-type.ts'
import { sequenceOfNextval } from '../sql/schema-columns.ts'
import { columnByName, type TableRecord } from '../sql/schema-records.ts'
import { readType, tableNamed } from '../sql/schema-scope.ts'
import type { AlterPlan } from './alter-plan.ts'
import type { PredictContext } from './context.ts'
import { volatileFunctionIn } from './defaults.ts'
import { lockWithPartitions, validateBothSides } from './foreign-keys.ts'

/** ADD COLUMN on one table: is it rewritten, read, or only its catalogue entry changed? */
export function addColumn(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  definition: ColumnDef,
): void {
  if (columnByName(table, definition.colname ?? '') !== undefined) return
  const constraints = allOf<ConstraintNode>(definition.constraints, 'Constraint')
  const rewriteSource = rewriteReason(context, definition, constraints)
  const cause: RewriteCause = 'column default'
  if (rewriteSource !== undefined) plan.rewrite(table, cause, rewriteSource)
  const isFilled = rewriteSource !== undefined || hasConstantFill(context, definition, constraints)
  const isVirtual = constraints.some(
    ({ contype, generated_kind: kind }) => contype === 'CONSTR_GENERATED' && kind === 'v',
  )
  constraints.forEach((constraint, index) => {
    // attributes stand behind their constraint (transformConstraintAttrs, parse_utilcmd.c)
    const isEnforced = constraints[index + 1]?.contype !== 'CONSTR_ATTR_NOT_ENFORCED'
    if (isEnforced) addInlineConstraint(context, plan, table, constraint, isFilled, isVirtual)
    else referenceOnly(context, constraint)
  })
}

/** A foreign key that is not enforced has no triggers and checks nothing, but its table is locked. */
function referenceOnly(context: PredictContext, constraint: ConstraintNode): void {
  if (constraint.contype !== 'CONSTR_FOREIGN') return
  const referenced = tableNamed(context, constraint.pktable)
  if (referenced === undefined) return
  lockWithPartitions(context, referenced, 'ShareRowExclusiveLock', 'add FK not enforced')
}

/** Row of the lock model when every row must be computed anew; undefined when the catalogue is enough. */
function rewriteReason(
  context: PredictContext,
  definition: ColumnDef,
  constraints: readonly ConstraintNode[],
): string | undefined {
  if (isSerial(definition.typeName)) return 'add column serial'
  for (const constraint of constraints) {
    if (constraint.contype === 'CONSTR_IDENTITY') return 'add column identity'
    if (constraint.contype === 'CONSTR_GENERATED' && constraint.generated_kind !== 'v') {
      return 'add column generated stored'
    }
    if (constraint.contype === 'CONSTR_DEFAULT') {
      const sequence =
        constraint.raw_expr === undefined ? undefined : sequenceOfNextval(context, constraint.raw_expr)
      if (sequence !== undefined)
        context.effects.lock(sequence, 'RowExclusiveLock', 'add column volatile default')
      const volatile = volatileFunctionIn(context, constraint.raw_expr)
      if (volatile !== undefined) return `add column volatile default: ${volatile}()`
    }
  }
  const domain = domainOf(context, definition)
  if (domain === undefined) return undefined
  if (domain.constraints.length > 0) return 'add column domain with check'
  const volatile = volatileFunctionIn(context, domain.default)
  return volatile === undefined ? undefined : `add column volatile default of a domain: ${volatile}()`
}

function domainOf(context: PredictContext, definition: ColumnDef) {
  const type = readType(context, definition.typeName)
  if (type.schema === '') return undefined
  const found = context.schema.type(type, context.path)
  return found?.kind === 'domain' ? found : undefined
}

function hasConstantFill(
  context: PredictContext,
  definition: ColumnDef,
  constraints: readonly ConstraintNode[],
): boolean {
  const fallback = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr
  if (fallback !== undefined) return !isNullLiteral(fallback)
  const isVirtual = constraints.some(({ contype }) => contype === 'CONSTR_GENERATED')
  return isVirtual || domainOf(context, definition)?.default !== undefined
}

function addInlineConstraint(
  context: PredictContext,
  plan: AlterPlan,
  table: TableRecord,
  constraint: ConstraintNode,
  isFilled: boolean,
  isVirtual: boolean,
): void {
  switch (constraint.contype) {
    case 'CONSTR_FOREIGN': {
      const source = 'add column references (inline FK)'
      const referenced = tableNamed(context, constraint.pktable)
      if (referenced !== undefined) lockWithPartitions(context, referenced, 'ShareRowExclusiveLock', source)
      // without a default all new values are NULL and satisfy the key: nothing to check
      if (isFilled) validateBothSides(context, plan, table, referenced, source)
      return
    }
    case 'CONSTR_CHECK':
      return plan.validate(table, 'add column check')
    case 'CONSTR_NOTNULL':
      // values of a virtual column are computed to be checked
      if (!isFilled || isVirtual) plan.validate(table, 'add column not null without default')
      return
    case 'CONSTR_UNIQUE':
      return plan.build(table, 'add column unique')
    case 'CONSTR_PRIMARY':
      if (!isFilled) plan.validate(table, 'add column primary key')
      return plan.build(table, 'add column primary key')
    default:
  }
}
