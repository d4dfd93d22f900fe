import { UndoLog, UndoableMap } from './undo.ts'
import {
  isCatalogName,
  creationSchema,
  temporarySchema,
  type QualifiedName,
  type SearchPath,
} from './names.ts'
import {
  hasDependents,
  isIndex,
  isTable,
  type ExtensionRecord,
  type FunctionRecord,
  type IndexRecord,
  type PublicationRecord,
  type RelationId,
  type RelationRecord,
  type TableRecord,
  type TypeRecord,
  type ViewRecord,
} from './schema-records.ts'

/**
 * The state of a database as the migration files tell it, without a server. Records are immutable; a change
 * replaces the record under its id, so that going back (ROLLBACK) costs only what was changed.
 */
export class Schema {
  private readonly log: UndoLog
  private readonly relations: UndoableMap<RelationId, RelationRecord>
  private readonly relationIds: UndoableMap<string, RelationId>
  private readonly types: UndoableMap<string, TypeRecord>
  private readonly functions: UndoableMap<string, readonly FunctionRecord[]>
  /** Extended statistics objects and the table that each is about. */
  private readonly statistics: UndoableMap<string, RelationId>
  /** Schemas that a file creates, and whether a migration under review did. */
  private readonly schemas: UndoableMap<string, boolean>
  private readonly extensions: UndoableMap<string, ExtensionRecord>
  private readonly publications: UndoableMap<string, PublicationRecord>
  private readonly temporary = new Set<RelationId>()
  private nextId = 1
  /**
   * Do the files tell the whole history? Then IF EXISTS finds nothing where no file creates anything; otherwise
   * every name is taken to exist.
   */
  readonly isComplete: boolean

  /** `canRollBack` false promises that {@link rollbackTo} is never called. */
  constructor(options: { readonly isComplete: boolean; readonly canRollBack: boolean }) {
    this.isComplete = options.isComplete
    this.log = new UndoLog({ isKept: options.canRollBack })
    this.relations = new UndoableMap(this.log)
    this.relationIds = new UndoableMap(this.log)
    this.types = new UndoableMap(this.log)
    this.functions = new UndoableMap(this.log)
    this.statistics = new UndoableMap(this.log)
    this.schemas = new UndoableMap(this.log)
    this.extensions = new UndoableMap(this.log)
    this.publications = new UndoableMap(this.log)
  }

  /** Where {@link rollbackTo} can return to. Cheap. */
  savepoint(): number {
    return this.log.length
  }

  /** Takes back everything since the savepoint. */
  rollbackTo(savepoint: number): void {
    this.log.undoTo(savepoint)
  }

  /** Forgets how to go back; call when a transaction has committed. */
  commit(): void {
    this.log.clear()
  }

  newId(): RelationId {
    this.nextId += 1
    return this.nextId
  }

  /** The record under an id that is known to be there. */
  relation(id: RelationId): RelationRecord {
    const record = this.relations.get(id)
    if (record === undefined) throw new Error(`no relation with id ${id} in the schema model`)
    return record
  }

  /** The record under an id, when the relation was not dropped since. */
  find(id: RelationId): RelationRecord | undefined {
    return this.relations.get(id)
  }

  /** The relation that a name means, when some file created it or an earlier statement used it. */
  lookup(name: QualifiedName, path: SearchPath): RelationRecord | undefined {
    if (name.schema !== undefined) return this.at(plainSchema(name.schema), name.name)
    const temporary = this.at(temporarySchema, name.name)
    if (temporary !== undefined) return temporary
    for (const schema of path) {
      const found = this.at(schema, name.name)
      if (found !== undefined) return found
    }
    return path.length === 0 ? this.at('public', name.name) : undefined
  }

  /** The relation called exactly so. */
  at(schema: string, name: string): RelationRecord | undefined {
    const id = this.relationIds.get(keyOf(schema, name))
    return id === undefined ? undefined : this.relations.get(id)
  }

  /**
   * The table (or view) that a name means. One that no file creates is taken to exist with unknown columns, but
   * not under IF EXISTS when the history is complete; undefined for the server's own catalogs and for names of
   * other kinds of relations.
   */
  table(name: QualifiedName, path: SearchPath, ifExists = false): TableRecord | ViewRecord | undefined {
    const found = this.lookup(name, path)
    if (found !== undefined) return hasDependents(found) ? found : undefined
    if (name.name === '' || isCatalogName(name) || (ifExists && this.isComplete)) return undefined
    const assumed = emptyTable(this.newId(), name.schema ?? creationSchema(path), name.name)
    this.put(assumed)
    return assumed
  }

  /** Adds a record, or replaces the one under its id, following a changed name. */
  put(record: RelationRecord): void {
    const before = this.relations.get(record.id)
    if (before !== undefined && (before.schema !== record.schema || before.name !== record.name)) {
      this.relationIds.delete(keyOf(before.schema, before.name))
    }
    if (before === undefined || before.schema !== record.schema || before.name !== record.name) {
      this.relationIds.set(keyOf(record.schema, record.name), record.id)
    }
    this.relations.set(record.id, record)
    if (record.schema === temporarySchema) this.temporary.add(record.id)
  }

  /** Forgets temporary relations: the session that made them has ended. */
  dropTemporary(): void {
    for (const id of this.temporary) {
      const record = this.relations.get(id)
      if (record?.schema === temporarySchema) this.remove(record)
    }
    this.temporary.clear()
  }

  /** Forgets a relation; the caller unlinks what refers to it. */
  remove(record: RelationRecord): void {
    this.relations.delete(record.id)
    const key = keyOf(record.schema, record.name)
    if (this.relationIds.get(key) === record.id) this.relationIds.delete(key)
  }

  /** The tables under the ids; views and dropped ones are left out. */
  tables(ids: readonly RelationId[]): TableRecord[] {
    const found: TableRecord[] = []
    for (const id of ids) {
      const record = this.find(id)
      if (isTable(record)) found.push(record)
    }
    return found
  }

  indexes(ids: readonly RelationId[]): IndexRecord[] {
    const found: IndexRecord[] = []
    for (const id of ids) {
      const record = this.find(id)
      if (isIndex(record)) found.push(record)
    }
    return found
  }

  /** The table and everything that inherits from it, each once, parents first. */
  withDescendants(table: TableRecord): TableRecord[] {
    const found = [table]
    if (table.children.length > 0) this.addDescendants(table, found, new Set([table.id]))
    return found
  }

  /** A table may inherit from another in more than one way, which doubles the ways at every level. */
  private addDescendants(table: TableRecord, found: TableRecord[], seen: Set<RelationId>): void {
    for (const child of this.tables(table.children)) {
      if (seen.has(child.id)) continue
      seen.add(child.id)
      found.push(child)
      this.addDescendants(child, found, seen)
    }
  }

  /** Everything there is, for the rare statements that mean all of a schema or database. */
  allRelations(): Iterable<RelationRecord> {
    return this.relations.values()
  }

  /** The type that a name means, when a file created it. */
  type(name: QualifiedName, path: SearchPath): TypeRecord | undefined {
    if (name.schema !== undefined) return this.types.get(keyOf(name.schema, name.name))
    for (const schema of path) {
      const found = this.types.get(keyOf(schema, name.name))
      if (found !== undefined) return found
    }
    return undefined
  }

  allTypes(): Iterable<TypeRecord> {
    return this.types.values()
  }

  putType(type: TypeRecord): void {
    this.types.set(keyOf(type.schema, type.name), type)
  }

  removeType(type: TypeRecord): void {
    this.types.delete(keyOf(type.schema, type.name))
  }

  /** All overloads of the function that a name means; empty when no file creates it. */
  function(name: QualifiedName, path: SearchPath): readonly FunctionRecord[] {
    if (name.schema !== undefined) return this.functions.get(keyOf(name.schema, name.name)) ?? []
    for (const schema of path) {
      const found = this.functions.get(keyOf(schema, name.name))
      if (found !== undefined) return found
    }
    return []
  }

  putFunctions(schema: string, name: string, overloads: readonly FunctionRecord[]): void {
    this.functions.set(keyOf(schema, name), overloads)
  }

  /** The table that a statistics object is about. */
  statisticsTable(name: QualifiedName, path: SearchPath): RelationId | undefined {
    if (name.schema !== undefined) return this.statistics.get(keyOf(name.schema, name.name))
    for (const schema of path) {
      const found = this.statistics.get(keyOf(schema, name.name))
      if (found !== undefined) return found
    }
    return undefined
  }

  putStatistics(schema: string, name: string, table: RelationId): void {
    this.statistics.set(keyOf(schema, name), table)
  }

  removeStatistics(schema: string, name: string): void {
    this.statistics.delete(keyOf(schema, name))
  }

  /** Whether a migration under review created the schema; undefined when no file creates it. */
  isNewSchema(name: string): boolean | undefined {
    return this.schemas.get(name)
  }

  putSchema(name: string, isNew: boolean): void {
    this.schemas.set(name, isNew)
  }

  removeSchema(name: string): void {
    this.schemas.delete(name)
  }

  allFunctions(): Iterable<readonly FunctionRecord[]> {
    return this.functions.values()
  }

  allSchemas(): Iterable<string> {
    return this.schemas.keys()
  }

  extension(name: string): ExtensionRecord | undefined {
    return this.extensions.get(name)
  }

  allExtensions(): Iterable<ExtensionRecord> {
    return this.extensions.values()
  }

  putExtension(extension: ExtensionRecord): void {
    this.extensions.set(extension.name, extension)
  }

  removeExtension(name: string): void {
    this.extensions.delete(name)
  }

  publication(name: string): PublicationRecord | undefined {
    return this.publications.get(name)
  }

  allPublications(): Iterable<PublicationRecord> {
    return this.publications.values()
  }

  putPublication(publication: PublicationRecord): void {
    this.publications.set(publication.name, publication)
  }

  removePublication(name: string): void {
    this.publications.delete(name)
  }
}

/** A table about which nothing but its name is known. */
export function emptyTable(id: RelationId, schema: string, name: string): TableRecord {
  return {
    kind: 'table',
    id,
    schema,
    name,
    isNew: false,
    isKnown: false,
    persistence: 'permanent',
    columns: [],
    nextColumn: 1,
    constraints: [],
    indexes: [],
    readers: [],
    triggers: [],
    rules: [],
    referencedBy: [],
    parents: [],
    children: [],
    sequences: [],
    policies: [],
  }
}

function plainSchema(schema: string): string {
  return /^pg_temp(_\d+)?$/.test(schema) ? temporarySchema : schema
}

function keyOf(schema: string, name: string): string {
  return `${schema}\u0000${name}`
}
