/**
 * What our event triggers report, in our own words. Built by decodeEvent() of event-triggers.ts from
 * pg_event_trigger_ddl_commands(), pg_event_trigger_dropped_objects() and
 * pg_event_trigger_table_rewrite_oid()/_reason().
 * @see https://www.postgresql.org/docs/current/functions-event-triggers.html
 */
export type DdlEvent = DdlCommandEvent | DroppedObjectEvent | TableRewriteEvent

export interface DdlCommandEvent {
  readonly event: 'ddl_command_end'
  /** Catalogue of the object, e.g. `pg_class`. */
  readonly classId: string
  readonly objectId: number
  /** Column number, 0 for the object itself. */
  readonly objectSubId: number
  readonly commandTag: string
  readonly objectType: string
  readonly schemaName: string | null
  readonly objectIdentity: string
  /** Part of an extension's script. */
  readonly inExtension: boolean
  /** For relations (and their columns): the relation as it is after the command. */
  readonly relation?: EventRelation
  /** For constraints, triggers, policies: the relation they hang on, `schema.name`. */
  readonly table?: string
}

export interface EventRelation {
  readonly relkind: string
  readonly schema: string
  readonly name: string
  /** For an index: its table, `schema.name`, and the table's oid. */
  readonly table?: string
  readonly tableOid?: number
  /** Not for indexes and sequences; without dropped columns. */
  readonly columns: readonly EventColumn[]
}

export interface EventColumn {
  readonly attnum: number
  readonly name: string
  /** As format_type() prints it. */
  readonly type: string
  readonly notNull: boolean
  /** Has a default, an identity or a generation expression. */
  readonly filled: boolean
}

export interface DroppedObjectEvent {
  readonly event: 'sql_drop'
  readonly classId: string
  readonly objectId: number
  readonly objectSubId: number
  /** Named by the command itself. */
  readonly original: boolean
  /** Removed because of a normal dependency: what CASCADE is for. */
  readonly normal: boolean
  readonly isTemporary: boolean
  readonly objectType: string
  readonly schemaName: string | null
  readonly objectName: string | null
  readonly objectIdentity: string
  readonly addressNames: readonly string[]
}

export interface TableRewriteEvent {
  readonly event: 'table_rewrite'
  readonly objectId: number
  /** AT_REWRITE_* bits: 1 persistence, 2 default, 4 column type, 8 access method. */
  readonly reason: number
}
