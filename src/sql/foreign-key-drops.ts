import { relationKey } from '../core/effects.ts'
import type { Relation, Remedy, SchemaCatalogs, Statement, StatementSettings } from '../core/model.ts'
import { tableBefore } from './added-names.ts'
import { quoteIdent, quoteName } from './quote.ts'
import { stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import { alterActions, nodeOf } from './statement-nodes.ts'

/** {@link foreignKeyDropSteps}, and what to make of them. */
export function foreignKeyDropRemedy(...args: Parameters<typeof foreignKeyDropSteps>): Remedy {
  const migrations = foreignKeyDropSteps(...args)
  const alone =
    'No foreign key goes without a lock on both tables: give it a short migration of its own, with a lock_timeout and a retry.'
  const first =
    'Drop each foreign key in a short migration of its own, with a lock_timeout and a retry, before anything else.'
  return { summary: migrations.length > 1 ? first : alone, migrations }
}

/**
 * A DROP TABLE, or an ALTER TABLE that drops columns and constraints, with the foreign keys first that lock another
 * table, each in a transaction of its own. `tables`: those that the statement names.
 */
function foreignKeyDropSteps(
  statement: Statement,
  settings: StatementSettings,
  tables: readonly Relation[],
  schema: SchemaCatalogs | undefined,
): readonly RemedyStep[] {
  const keys = tables.flatMap((table) => dropsOf(table, goneWith(statement), schema))
  const rest = nodeOf(statement, 'DropStmt') === undefined ? otherActions(statement, keys) : statement.sql
  return [...keys.map(({ sql }) => sql), ...(rest === undefined ? [] : [rest])].map((sql) =>
    stepWithLockTimeout(settings, sql),
  )
}

interface KeyDrop {
  readonly constraint: string
  readonly sql: string
}

/** Does a foreign key over these columns and of this name go with the statement? */
type GoneWith = (columns: readonly string[], name: string) => boolean

function goneWith(statement: Statement): GoneWith {
  const actions = alterActions(statement)
  if (actions.length === 0) return () => true
  const named = (subtype: string): ReadonlySet<string> =>
    new Set(actions.flatMap(({ command }) => (command.subtype === subtype ? (command.name ?? []) : [])))
  const [columns, constraints] = [named('AT_DropColumn'), named('AT_DropConstraint')]
  return (own, name) => constraints.has(name) || own.some((column) => columns.has(column))
}

function dropsOf(table: Relation, isGone: GoneWith, schema: SchemaCatalogs | undefined): readonly KeyDrop[] {
  const key = relationKey(table)
  const constraints = tableBefore(schema, table)?.constraints ?? []
  return constraints.flatMap(({ kind, name, columns, references, isInherited }) => {
    if (kind !== 'foreign key' || isInherited || references === undefined) return []
    if (references.table === key || !isGone(columns, name)) return []
    const sql = `ALTER TABLE ${quoteName(table)} DROP CONSTRAINT ${quoteIdent(name)}`
    return [{ constraint: name, sql }]
  })
}

/** The statement without the drops that went before. */
function otherActions(statement: Statement, keys: readonly KeyDrop[]): string | undefined {
  const actions = alterActions(statement)
  const gone = new Set(keys.map(({ constraint }) => constraint))
  const rest = actions.filter(
    ({ command }) => command.subtype !== 'AT_DropConstraint' || !gone.has(command.name ?? ''),
  )
  if (actions.length === rest.length) return statement.sql
  return rest.length === 0 ? undefined : `${rest[0]?.head ?? ''} ${rest.map(({ text }) => text).join(', ')}`
}
