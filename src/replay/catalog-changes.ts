import type { CatalogChange, CatalogEffect, ObjectName } from '../core/model.ts'
import type {
  DdlCommandEvent,
  DdlEvent,
  DroppedObjectEvent,
  EventColumn,
} from '../postgres/ddl-event.ts'
import { relationKind, type KnownColumn, type KnownRelation, type RelationCatalog } from './relations.ts'

/**
 * Turns what our event triggers said during one statement into catalogue effects, and brings the catalogue up to
 * date with it. Works the same inside DO blocks, functions and CASCADE.
 */
export function catalogChanges(
  events: readonly DdlEvent[],
  catalog: RelationCatalog,
): readonly CatalogEffect[] {
  const effects: CatalogEffect[] = []
  for (const event of events) {
    if (event.event === 'sql_drop') effects.push(...dropEffect(event, catalog))
    else if (event.event === 'ddl_command_end' && !event.inExtension)
      effects.push(...commandEffects(event, catalog))
  }
  return effects
}

/** Tables (oids) on which the statement created an index, in the order of events. */
export function indexedTables(events: readonly DdlEvent[]): ReadonlySet<number> {
  const tables = new Set<number>()
  for (const event of events) {
    if (
      event.event === 'ddl_command_end' &&
      event.relation?.tableOid !== undefined &&
      event.commandTag === 'CREATE INDEX'
    ) {
      tables.add(event.relation.tableOid)
    }
  }
  return tables
}

function dropEffect(event: DroppedObjectEvent, catalog: RelationCatalog): readonly CatalogEffect[] {
  // neither named nor a normal dependency: parts that go with their owner (toast table, row type, owned sequence)
  if (event.isTemporary || (!event.original && !event.normal)) return []
  const known = event.classId === 'pg_class' ? catalog.get(event.objectId) : undefined
  const column = event.objectSubId === 0 ? undefined : known?.columns.get(event.objectSubId)
  const existedBefore = (known?.relation.existedBefore ?? true) && column?.addedInRun !== true
  if (known !== undefined && event.objectSubId > 0) forgetColumn(catalog, known, event.objectSubId)
  if (known !== undefined && column !== undefined && event.original) {
    return [
      {
        kind: 'catalog',
        object: tableName(known),
        existedBefore,
        change: { type: 'drop column', column: column.name },
      },
    ]
  }
  return [
    {
      kind: 'catalog',
      object: droppedName(event),
      existedBefore,
      change: { type: 'drop', cascaded: !event.original },
    },
  ]
}

function forgetColumn(catalog: RelationCatalog, known: KnownRelation, attnum: number): void {
  const columns = new Map(known.columns)
  columns.delete(attnum)
  catalog.remember({ ...known, columns })
}

/** address_names ends with [schema, relation, part] for parts of a relation, [schema, name] for the rest. */
function droppedName({
  objectType,
  addressNames,
  schemaName,
  objectName,
  objectIdentity,
}: DroppedObjectEvent): ObjectName {
  const [schema = '', relation = '', part] = addressNames
  if (part !== undefined) return { kind: objectType, schema, name: part, table: `${schema}.${relation}` }
  return { kind: objectType, schema: schemaName ?? '', name: objectName ?? objectIdentity }
}

function commandEffects(event: DdlCommandEvent, catalog: RelationCatalog): readonly CatalogEffect[] {
  const { relation } = event
  if (relation === undefined) return [otherObject(event)]
  const known = catalog.get(event.objectId)
  const columns = new Map(relation.columns.map((column) => [column.attnum, knownColumn(column, known)]))
  const existedBefore = known?.relation.existedBefore ?? false
  catalog.remember({
    oid: event.objectId,
    relation: {
      kind: relationKind(relation.relkind),
      schema: relation.schema,
      name: relation.name,
      existedBefore,
      ...(relation.table === undefined ? {} : { table: relation.table }),
    },
    filenode: known?.filenode,
    columns,
    tableOid: relation.tableOid ?? known?.tableOid,
  })
  const object: ObjectName = {
    kind: relationKind(relation.relkind),
    schema: known?.relation.schema ?? relation.schema,
    name: known?.relation.name ?? relation.name,
    ...(relation.table === undefined ? {} : { table: relation.table }),
  }
  const changes: readonly CatalogChange[] =
    known === undefined ? [{ type: 'create' }] : relationChanges(known, relation, columns)
  return changes.map((change) => ({
    kind: 'catalog',
    object,
    existedBefore: existedBefore && !concernsNewColumn(change, known),
    change,
  }))
}

function knownColumn(column: EventColumn, known: KnownRelation | undefined): KnownColumn {
  const before = known?.columns.get(column.attnum)
  return {
    attnum: column.attnum,
    name: column.name,
    type: column.type,
    notNull: column.notNull,
    filled: column.filled,
    ...(before === undefined || before.addedInRun === true ? { addedInRun: true } : {}),
  }
}

/** What happens to a column that this very run added harms nobody. */
function concernsNewColumn(change: CatalogChange, known: KnownRelation | undefined): boolean {
  if (known === undefined || change.type === 'add column') return false
  const name = change.type === 'rename column' ? change.from : 'column' in change ? change.column : undefined
  if (name === undefined) return false
  return [...known.columns.values()].some((column) => column.name === name && column.addedInRun === true)
}

function relationChanges(
  known: KnownRelation,
  now: { readonly schema: string; readonly name: string },
  columns: ReadonlyMap<number, KnownColumn>,
): readonly CatalogChange[] {
  const changes: CatalogChange[] = []
  const { relation } = known
  if (relation.name !== now.name) changes.push({ type: 'rename', from: relation.name, to: now.name })
  if (relation.schema !== now.schema)
    changes.push({ type: 'move schema', from: relation.schema, to: now.schema })
  for (const [attnum, column] of columns) {
    const before = known.columns.get(attnum)
    if (before === undefined) changes.push({ type: 'add column', column: facts(column) })
    else changes.push(...columnChanges(before, column))
  }
  return changes.length === 0 ? [{ type: 'alter' }] : changes
}

function facts({ name, type, notNull, filled }: KnownColumn): {
  name: string
  type: string
  notNull: boolean
  filled: boolean
} {
  return { name, type, notNull, filled }
}

function columnChanges(before: KnownColumn, now: KnownColumn): readonly CatalogChange[] {
  const changes: CatalogChange[] = []
  const column = now.name
  if (before.name !== now.name) changes.push({ type: 'rename column', from: before.name, to: now.name })
  if (before.type !== now.type) changes.push({ type: 'change type', column, from: before.type, to: now.type })
  if (before.notNull !== now.notNull)
    changes.push({ type: now.notNull ? 'set not null' : 'drop not null', column })
  if (before.filled !== now.filled)
    changes.push({ type: now.filled ? 'set default' : 'drop default', column })
  return changes
}

function otherObject(event: DdlCommandEvent): CatalogEffect {
  const creates = event.commandTag.startsWith('CREATE')
  const schema = event.schemaName ?? ''
  const prefix = `${schema}.`
  const name = event.objectIdentity.startsWith(prefix)
    ? event.objectIdentity.slice(prefix.length)
    : event.objectIdentity
  return {
    kind: 'catalog',
    object: {
      kind: event.objectType,
      schema,
      name,
      ...(event.table === undefined ? {} : { table: event.table }),
    },
    existedBefore: !creates,
    change: { type: creates ? 'create' : 'alter' },
  }
}

function tableName({ relation }: KnownRelation): ObjectName {
  return { kind: relation.kind, schema: relation.schema, name: relation.name }
}
