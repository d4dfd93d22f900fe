import type { ColumnDef, ColumnRef, Constraint, RangeVar } from '@pgsql/types'
import type { Relation, SchemaCatalogs, Statement, StatementSettings } from '../core/model.ts'
import { addedName, constraintNamesBefore } from './added-names.ts'
import { as, columnPath, walk, words } from './ast.ts'
import { chooseName } from './names.ts'
import { quoteIdent } from './quote.ts'
import { step, stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import { alterActions, cutColumn, withoutConstraintName, type AlterAction } from './statement-nodes.ts'

/** A foreign key or CHECK that an ALTER TABLE adds and validates at once. */
export interface AddedConstraint {
  readonly kind: 'foreign key' | 'check'
  /** As written; undefined where the user leaves it to Postgres. */
  readonly name: string | undefined
  /** Of a foreign key; of a CHECK those that it mentions. */
  readonly columns: readonly string[]
  readonly referenced: RangeVar | undefined
  /** As a table constraint, without CONSTRAINT name. */
  readonly definition: string
  readonly node: Constraint
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
    return [toAdded(constraint, columnsOf(constraint), definition)]
  }
  const column = newColumn(command)
  if (column === undefined) return []
  const name = column.colname ?? ''
  return cutColumn(text, start, column, isValidatedAtOnce).removed.map((inline) => {
    const bare = withoutConstraintName(inline.text)
    const isForeign = inline.constraint.contype === 'CONSTR_FOREIGN'
    const columns = isForeign ? [name] : columnsOf(inline.constraint)
    return toAdded(inline.constraint, columns, isForeign ? `FOREIGN KEY (${quoteIdent(name)}) ${bare}` : bare)
  })
}

function columnsOf({ contype, fk_attrs: keys, raw_expr: condition }: Constraint): readonly string[] {
  if (contype === 'CONSTR_FOREIGN') return words(keys)
  const columns = new Set<string>()
  walk(condition, (tag, part) => {
    const name = tag === 'ColumnRef' ? columnPath(part as ColumnRef).at(-1) : undefined
    if (name !== undefined) columns.add(name)
  })
  return [...columns]
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
  return { kind, name: node.conname, columns, referenced: node.pktable, definition, node }
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
  schema?: SchemaCatalogs,
): readonly RemedyStep[] {
  const head = alterActions(statement)[0]?.head ?? ''
  const others = otherActions(statement)
  const names = new Set(constraintNamesBefore(schema, table.schema))
  const named = constraints.map((constraint) => {
    const name = constraint.name ?? chosenName(constraint, table, schema, names)
    names.add(name)
    return { name: quoteIdent(name), definition: constraint.definition }
  })
  const adds = named.map(({ name, definition }) => `ADD CONSTRAINT ${name} ${definition} NOT VALID`)
  const validations = named.map(({ name }) => `VALIDATE CONSTRAINT ${name}`)
  return [
    ...(others.length === 0 ? [] : [stepWithLockTimeout(settings, `${head} ${others.join(', ')}`)]),
    stepWithLockTimeout(settings, `${head} ${adds.join(', ')}`),
    step(`${head} ${validations.join(', ')}`),
  ]
}

/** As Postgres chose it, or would (ChooseConstraintName, pg_constraint.c; AddRelationNewConstraints, heap.c). */
function chosenName(
  { kind, columns }: AddedConstraint,
  table: Relation,
  schema: SchemaCatalogs | undefined,
  taken: ReadonlySet<string>,
): string {
  const known = addedName(schema, table, kind, columns)
  if (known !== undefined) return known
  const isForeign = kind === 'foreign key'
  const middle = isForeign ? columns.join('_') : columns.length === 1 ? columns[0] : undefined
  return chooseName(table.name, middle, isForeign ? 'fkey' : 'check', (name) => taken.has(name))
}
