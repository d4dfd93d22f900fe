import type { CatalogChange, CatalogEffect, ObjectName } from '../core/model.ts'
import type { CommandEvent, DdlEvent, DropEvent, EventColumn } from '../postgres/event-triggers.ts'
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
  const dropped = droppedRelations(events)
  for (const event of events) {
    if (event.event === 'drop') effects.push(...dropEffect(event, dropped, catalog))
    else if (event.event === 'command' && !event.inExtension) effects.push(...commandEffects(event, catalog))
  }
  return effects
}

/** `schema.name` of every relation that the statement dropped. */
function droppedRelations(events: readonly DdlEvent[]): ReadonlySet<string> {
  return new Set(
    events.flatMap((event) =>
      event.event === 'drop' && event.classid === 'pg_class' && event.objsubid === 0
        ? [event.names.slice(0, 2).join('.')]
        : [],
    ),
  )
}

function dropEffect(
  event: DropEvent,
  dropped: ReadonlySet<string>,
  catalog: RelationCatalog,
): readonly CatalogEffect[] {
  // neither named nor a normal dependency: parts that go with their owner (toast table, row type, owned sequence)
  if (event.temporary || (!event.original && !event.normal)) return []
  // a view hangs on what it reads by its rule; the view itself is reported too
  if (event.objectType === 'rule' && event.names.at(-1) === '_RETURN') return []
  // a table's own CHECK hangs on it by a normal dependency, too
  if (!event.original && event.names.length === 3 && dropped.has(event.names.slice(0, 2).join('.'))) return []
  const known = event.classid === 'pg_class' ? catalog.get(event.objid) : undefined
  const column = event.objsubid === 0 ? undefined : known?.columns.get(event.objsubid)
  const isOld = known?.relation.existedBefore ?? catalog.isOlder(event.objid)
  const existedBefore = isOld && column?.addedInRun !== true
  if (known !== undefined && event.objsubid > 0) forgetColumn(catalog, known, event.objsubid)
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

/** The names end with [schema, relation, part] for parts of a relation, [schema, name] for the rest. */
function droppedName({ objectType, names, schema, name, identity }: DropEvent): ObjectName {
  const [namespace = '', relation = '', part] = names
  if (part !== undefined)
    return { kind: objectType, schema: namespace, name: part, table: `${namespace}.${relation}` }
  return { kind: objectType, schema: schema ?? '', name: name ?? names.at(-1) ?? identity }
}

function commandEffects(event: CommandEvent, catalog: RelationCatalog): readonly CatalogEffect[] {
  const { relation, objid } = event
  if (relation === null || objid === null) return [otherObject(event)]
  const known = catalog.get(objid)
  const present = relation.columns.filter(({ dropped }) => !dropped)
  const columns = new Map(present.map((column) => [column.attnum, knownColumn(column, known)]))
  const table = event.table === null ? {} : { table: event.table }
  const existedBefore = known?.relation.existedBefore ?? false
  catalog.remember({
    oid: objid,
    relation: {
      kind: relationKind(relation.relkind),
      schema: relation.schema,
      name: relation.name,
      existedBefore,
      ...table,
    },
    filenode: known?.filenode,
    columns,
    tableOid: known?.tableOid ?? indexTableOid(event, catalog),
    ...(relation.structure === undefined ? {} : { structure: relation.structure }),
  })
  const object: ObjectName = {
    kind: relationKind(relation.relkind),
    schema: known?.relation.schema ?? relation.schema,
    name: known?.relation.name ?? relation.name,
    ...table,
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

function indexTableOid({ table, relation }: CommandEvent, catalog: RelationCatalog): number | undefined {
  if (table === null || relation === null || !relationKind(relation.relkind).endsWith('index'))
    return undefined
  return catalog.findQualified(table)?.oid
}

function knownColumn(column: EventColumn, known: KnownRelation | undefined): KnownColumn {
  const before = known?.columns.get(column.attnum)
  return {
    attnum: column.attnum,
    name: column.name,
    type: column.type,
    notNull: column.notNull,
    filled: column.hasDefault || column.identity !== '' || column.generated !== '',
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

function otherObject(event: CommandEvent): CatalogEffect {
  const creates = event.commandTag.startsWith('CREATE')
  const name = event.names?.at(-1) ?? event.identity ?? event.objectType
  const table = event.table === null ? {} : { table: event.table }
  return {
    kind: 'catalog',
    object: { kind: event.objectType, schema: event.schema ?? '', name, ...table },
    existedBefore: !creates,
    change: { type: creates ? 'create' : 'alter' },
  }
}

function tableName({ relation }: KnownRelation): ObjectName {
  return { kind: relation.kind, schema: relation.schema, name: relation.name }
}
