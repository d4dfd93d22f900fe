import {
  defineRule,
  displayKey,
  displayName,
  enumerate,
  foreignKeyObject,
  fullNameOf,
  indexForKey,
  isOrdinaryTable,
  newConstraints,
  servesLookup,
  smallTableRows,
  tableChanges,
  type CatalogConstraint,
  type CatalogTable,
  type Remedy,
  type RunContext,
  type RunStatement,
  type SchemaCatalogs,
} from '../../src/rule.ts'

interface Words {
  readonly table: string
  readonly columns: string
  readonly referenced: string
  readonly purpose: string
}

const messages = {
  noIndex: ({ table, columns, referenced, purpose }: Words) =>
    `Each row deleted from ${referenced} reads all of ${table} to ${purpose}: no index of ${table} begins with ${columns}.`,
  losesIndex: ({ table, columns, referenced, purpose }: Words) =>
    `Each row deleted from ${referenced} reads all of ${table} to ${purpose} from now on: this was the last index of ${table} that begins with ${columns}.`,
}

type Context = RunContext<typeof messages>

interface Unserved {
  readonly table: CatalogTable
  readonly constraint: CatalogConstraint
  readonly references: NonNullable<CatalogConstraint['references']>
}

export default defineRule({
  id: 'require-index-for-foreign-key',
  title: 'Require an index that begins with the columns of a foreign key',
  severity: 'info',
  since: '0.1.0',
  messages,
  run(context) {
    const { schema } = context
    if (schema === undefined) return
    const added = newConstraints(schema).filter(({ hadEqual }) => !hadEqual)
    for (const { table, constraint } of added) {
      const unserved = unservedKey(context, table, constraint)
      const at = context.causeOf(foreignKeyObject(table, constraint))
      if (unserved === undefined || at === undefined) continue
      report(context, 'noIndex', unserved, at, indexForKey(schema, unserved, at))
    }
    for (const { unserved, index } of lostIndexes(context, schema)) {
      const at = context.causeOf(index)
      const summary = 'Keep it, or build another that begins with these columns before this one goes.'
      if (at !== undefined) report(context, 'losesIndex', unserved, at, { summary, migrations: [] })
    }
  },
})

/** Partitions follow their parent. A table that is known to be small is read in a moment. */
function unservedKey(
  { rowsOf }: Context,
  table: CatalogTable,
  constraint: CatalogConstraint,
): Unserved | undefined {
  const { kind, columns, references, isInherited, isEnforced } = constraint
  if (kind !== 'foreign key' || references === undefined || isInherited || !isEnforced) return undefined
  if (!isOrdinaryTable(table) || table.isPartial === true || columns.length === 0) return undefined
  if ((rowsOf(fullNameOf(table)) ?? smallTableRows) < smallTableRows) return undefined
  return table.indexes.some((index) => servesLookup(index, columns))
    ? undefined
    : { table, constraint, references }
}

/** Foreign keys that are as they were, and of which the review took the index. */
function lostIndexes(
  context: Context,
  schema: SchemaCatalogs,
): readonly { readonly unserved: Unserved; readonly index: Parameters<Context['causeOf']>[0] }[] {
  return tableChanges(schema).flatMap(({ table, before, isNew }) =>
    table.constraints.flatMap((constraint) => {
      const index = before?.indexes.find((one) => servesLookup(one, constraint.columns))
      const unserved = unservedKey(context, table, constraint)
      const isOld = before?.constraints.some(({ name }) => name === constraint.name) === true
      if (isNew || !isOld || index === undefined || unserved === undefined) return []
      return [
        {
          unserved,
          index: { kind: 'index', schema: index.schema, name: index.name, table: fullNameOf(table) },
        },
      ]
    }),
  )
}

function report(
  context: Context,
  messageId: keyof typeof messages,
  { table, constraint, references }: Unserved,
  at: RunStatement,
  remedy: Remedy,
): void {
  const { onDelete } = references
  const spreads = onDelete !== 'no action' && onDelete !== 'restrict'
  // a table that nobody knows to be large, a new one above all, harms no delete for now
  const isLarge = messageId === 'losesIndex' || context.rowsOf(fullNameOf(table)) !== undefined
  const name = displayName(table)
  const columns = enumerate(constraint.columns)
  context.report(
    messageId,
    { table: name, columns, referenced: displayKey(references.table), purpose: purposes[onDelete] },
    {
      on: `${name}.${constraint.columns.join(', ')}`,
      because: [],
      at,
      evidence: 'schema',
      severity: spreads && isLarge ? 'warning' : 'info',
      notes: [
        `${constraint.name}: ON DELETE ${onDelete.toUpperCase()}. The locks of the delete are held meanwhile (ri_triggers.c).`,
      ],
      remedy,
    },
  )
}

const purposes: Readonly<Record<Unserved['references']['onDelete'], string>> = {
  'no action': 'make sure that nothing refers to it',
  restrict: 'make sure that nothing refers to it',
  cascade: 'delete what refers to it',
  'set null': 'find what refers to it',
  'set default': 'find what refers to it',
}
