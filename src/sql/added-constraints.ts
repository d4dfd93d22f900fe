import type { ColumnDef, Constraint, RangeVar } from '@pgsql/types'
import type { Relation, StatementSettings, Statement } from '../core/model.ts'
import { as, words } from './ast.ts'
import { objectName, quoteIdent } from './quote.ts'
import { step, stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import { alterActions, cutColumn, withoutConstraintName, type AlterAction } from './statement-nodes.ts'

/** A foreign key or CHECK that an ALTER TABLE adds and validates at once. */
export interface AddedConstraint {
  readonly kind: 'foreign key' | 'check'
  /** As written; undefined where the user leaves it to Postgres. */
  readonly name: string | undefined
  /** Of a foreign key, or the column that it was written behind. */
  readonly columns: readonly string[]
  readonly referenced: RangeVar | undefined
  /** As a table constraint, without CONSTRAINT name. */
  readonly definition: string
}

/** The foreign keys and CHECKs that the statement adds without NOT VALID, also those of new columns. */
export function addedConstraints(statement: Statement): readonly AddedConstraint[] {
  return alterActions(statement).flatMap(addedBy)
}

function addedBy({ command, text, start }: AlterAction): readonly AddedConstraint[] {
  const constraint = as<Constraint>(command.def, 'Constraint')
  if (constraint !== undefined) {
    if (!isValidatedAtOnce(constraint)) return []
    const definition = withoutConstraintName(text.replace(/^add\s+/i, ''))
    return [toAdded(constraint, words(constraint.fk_attrs), definition)]
  }
  const column = newColumn(command)
  if (column === undefined) return []
  const name = column.colname ?? ''
  return cutColumn(text, start, column, isValidatedAtOnce).removed.map((inline) => {
    const bare = withoutConstraintName(inline.text)
    const isForeign = inline.constraint.contype === 'CONSTR_FOREIGN'
    return toAdded(inline.constraint, [name], isForeign ? `FOREIGN KEY (${quoteIdent(name)}) ${bare}` : bare)
  })
}

function newColumn(command: AlterAction['command']): ColumnDef | undefined {
  return command.subtype === 'AT_AddColumn' ? as<ColumnDef>(command.def, 'ColumnDef') : undefined
}

function isValidatedAtOnce({
  contype,
  skip_validation: notValid,
  is_enforced: enforced,
}: Constraint): boolean {
  return (
    (contype === 'CONSTR_FOREIGN' || contype === 'CONSTR_CHECK') && notValid !== true && enforced !== false
  )
}

function toAdded(node: Constraint, columns: readonly string[], definition: string): AddedConstraint {
  const kind = node.contype === 'CONSTR_FOREIGN' ? 'foreign key' : 'check'
  return { kind, name: node.conname, columns, referenced: node.pktable, definition }
}

/** What the statement does besides: its other actions, and new columns without these constraints. */
function otherActions(statement: Statement): readonly string[] {
  return alterActions(statement).flatMap(({ command, text, start }) => {
    const constraint = as<Constraint>(command.def, 'Constraint')
    if (constraint !== undefined) return isValidatedAtOnce(constraint) ? [] : [text]
    const column = newColumn(command)
    return [column === undefined ? text : cutColumn(text, start, column, isValidatedAtOnce).kept]
  })
}

/** The statement with these constraints NOT VALID, and their validation as a migration of its own. */
export function notValidSteps(
  statement: Statement,
  settings: StatementSettings,
  constraints: readonly AddedConstraint[],
  table: Relation,
): readonly RemedyStep[] {
  const head = alterActions(statement)[0]?.head ?? ''
  const others = otherActions(statement)
  const named = constraints.map((constraint, index) => ({
    name: quoteIdent(constraint.name ?? chosenName(constraint, table.name, index)),
    definition: constraint.definition,
  }))
  const adds = named.map(({ name, definition }) => `ADD CONSTRAINT ${name} ${definition} NOT VALID`)
  const validations = named.map(({ name }) => `VALIDATE CONSTRAINT ${name}`)
  return [
    ...(others.length === 0 ? [] : [stepWithLockTimeout(settings, `${head} ${others.join(', ')}`)]),
    stepWithLockTimeout(settings, `${head} ${adds.join(', ')}`),
    step(`${head} ${validations.join(', ')}`),
  ]
}

/** As Postgres would choose it (ChooseConstraintName, pg_constraint.c). */
function chosenName({ kind, columns }: AddedConstraint, table: string, index: number): string {
  const suffix = kind === 'foreign key' ? 'fkey' : 'check'
  return objectName(table, ...columns, index === 0 ? suffix : `${suffix}${index}`)
}
