import {
  catalogEffects,
  defineRule,
  displayName,
  fullNameOf,
  grouped,
  nameAll,
  type CatalogPublication,
  type CatalogTable,
  type RunContext,
  type RunStatement,
  type SchemaCatalog,
} from '../../src/rule.ts'

/** A table whose rows cannot be told apart, though changes of them are published. */
interface Published {
  readonly table: CatalogTable
  readonly publication: CatalogPublication
}

const messages = {
  refusesChanges: ({
    tables,
    commands,
    publication,
  }: {
    tables: string
    commands: string
    publication: string
  }) =>
    `Every ${commands} of ${tables} fails (55000): publication ${publication} publishes it, and without a replica identity no row can be told from another.`,
}

export default defineRule({
  id: 'avoid-unreplicable-table',
  title: 'Avoid published tables without a replica identity',
  severity: 'error',
  since: '0.1.0',
  messages,
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    const before = new Set(refused(schema.before).map(({ table }) => table.id))
    const found = refused(schema.after)
      .filter(({ table }) => !before.has(table.id))
      .flatMap((published) => {
        const at = causeOfRefusal(published, schema.before, causeOf)
        return at === undefined ? [] : [{ ...published, at }]
      })
    const groups = grouped(found, ({ publication, at }) =>
      JSON.stringify([publication.name, at.migration.file, at.statement.index]),
    )
    for (const group of groups) {
      const [{ publication, at }] = group
      const tables = nameAll(group.map(({ table }) => table))
      const names = new Set(group.map(({ table }) => table.name))
      report(
        'refusesChanges',
        { tables, commands: commandsOf(publication), publication: publication.name },
        {
          on: group.map(({ table }) => displayName(table)).join(', '),
          at,
          because: catalogEffects(at.effects).filter(({ object }) => names.has(object.name)),
          evidence: 'schema',
          remedy: {
            summary:
              'Give it a primary key. Where it can have none, `ALTER TABLE … REPLICA IDENTITY FULL` lets UPDATE and DELETE through, and writes the whole old row to the WAL each time; for rows that never change, publish inserts alone.',
            migrations: [],
          },
        },
      )
    }
  },
})

function commandsOf({ publishes }: CatalogPublication): string {
  return [
    ...(publishes.includes('update') ? ['UPDATE'] : []),
    ...(publishes.includes('delete') ? ['DELETE'] : []),
  ].join(' and ')
}

/** Tables that CheckCmdReplicaIdentity() turns away (execReplication.c). */
function refused({ tables, publications = [] }: SchemaCatalog): readonly Published[] {
  const changing = publications.filter(changes)
  if (changing.length === 0) return []
  return tables.flatMap((table) => {
    const name = fullNameOf(table)
    const publication = changing.find((one) => one.tables.includes(name))
    return publication === undefined || table.isPartial === true || hasIdentity(table)
      ? []
      : [{ table, publication }]
  })
}

/** By default it is the primary key; a deferrable one does not count (RelationGetIndexList, relcache.c). */
function hasIdentity({ replicaIdentity, constraints }: CatalogTable): boolean {
  if (replicaIdentity === undefined) return true
  if (replicaIdentity !== 'default') return replicaIdentity !== 'nothing'
  return constraints.some(({ kind, isDeferrable = false }) => kind === 'primary key' && !isDeferrable)
}

function causeOfRefusal(
  { table, publication }: Published,
  before: SchemaCatalog,
  causeOf: RunContext<typeof messages>['causeOf'],
): RunStatement | undefined {
  const { schema, name } = table
  const old = before.tables.find(({ id }) => id === table.id)
  if (old === undefined) return causeOf({ kind: 'table', schema, name })
  const full = fullNameOf(table)
  const part = (kind: string, of: string | undefined): RunStatement | undefined =>
    of === undefined ? undefined : causeOf({ kind, schema, name: of, table: full })
  const was = before.publications?.find((one) => one.name === publication.name)
  const isPublished = was?.tables.includes(fullNameOf(old)) === true && changes(was)
  if (!isPublished) return causeOf({ kind: 'publication', schema: '', name: publication.name })
  if (old.replicaIdentity !== table.replicaIdentity && typeof old.replicaIdentity !== 'object')
    return causeOf({ kind: 'replica identity', schema, name })
  if (typeof old.replicaIdentity === 'object') return part('index', old.replicaIdentity.index)
  return part('constraint', old.constraints.find(({ kind }) => kind === 'primary key')?.name)
}

function changes({ publishes }: CatalogPublication): boolean {
  return publishes.includes('update') || publishes.includes('delete')
}
