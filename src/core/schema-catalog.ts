/**
 * The schema at one moment, as rules about objects see it: read from a server, or told by the migration files.
 *
 * What is optional is not known when it is absent (a prediction knows less than a server): a rule that needs it stays
 * silent then. Expressions and definitions are as Postgres deparses them, under `search_path = pg_catalog`.
 */
import type { RelationKind } from './effect-model.ts'

export interface SchemaCatalog {
  readonly tables: readonly CatalogTable[]
  readonly routines?: readonly CatalogRoutine[]
  readonly sequences?: readonly CatalogSequence[]
  readonly types?: readonly CatalogType[]
  readonly extensions?: readonly CatalogExtension[]
  readonly schemas?: readonly CatalogSchema[]
  readonly publications?: readonly CatalogPublication[]
}

/** The schema before the first migration under review and after the last one. */
export interface SchemaCatalogs {
  readonly before: SchemaCatalog
  readonly after: SchemaCatalog
  /** `measured`: read from the server of the rehearsal. `predicted`: told by the files. */
  readonly evidence: 'measured' | 'predicted'
}

/** An object that is the same before and after has the same number, whatever it is called (pg_class.oid). */
interface Identified {
  readonly id: number
  readonly schema: string
  readonly name: string
}

/**
 * A table, partitioned table, foreign table, view or materialized view. A prediction leaves out what no file creates:
 * a table that is missing in it may still exist.
 */
export interface CatalogTable extends Identified {
  readonly kind: RelationKind
  /**
   * Of a prediction: its columns are not all known (a view; CREATE TABLE AS of anything but plain columns), so what
   * is not listed in `columns`, `constraints` and `indexes` may be there all the same.
   */
  readonly isPartial?: boolean
  readonly persistence?: 'permanent' | 'unlogged'
  readonly columns: readonly CatalogColumn[]
  readonly constraints: readonly CatalogConstraint[]
  /** Those of constraints included. */
  readonly indexes: readonly CatalogIndex[]
  readonly triggers?: readonly CatalogTrigger[]
  readonly policies?: readonly CatalogPolicy[]
  readonly rowSecurity?: { readonly enabled: boolean; readonly forced: boolean }
  readonly replicaIdentity?: 'default' | 'nothing' | 'full' | { readonly index: string }
  /** Of a partition: its parent, `schema.name`. */
  readonly partitionOf?: string
  /** Of an inheritance child: its parents, `schema.name`. */
  readonly inherits?: readonly string[]
  /** pg_class.reloptions, e.g. `security_invoker=true` of a view. */
  readonly options?: readonly string[]
  /** Of a view or materialized view. */
  readonly definition?: string
  readonly owner?: string
  readonly grants?: readonly CatalogGrant[]
  readonly comment?: string
}

export interface CatalogColumn {
  readonly name: string
  /** pg_attribute.attnum: survives renames. */
  readonly number: number
  /** As format_type() prints it. */
  readonly type: string
  readonly notNull: boolean
  readonly collation?: string
  readonly default?: string
  readonly identity?: 'always' | 'by default'
  readonly generated?: { readonly kind: 'stored' | 'virtual'; readonly expression?: string }
  /** False: it came from a parent (pg_attribute.attislocal). */
  readonly isLocal?: boolean
  readonly grants?: readonly CatalogGrant[]
  readonly comment?: string
}

export interface CatalogConstraint {
  readonly name: string
  readonly kind: 'primary key' | 'unique' | 'exclusion' | 'check' | 'foreign key' | 'not null'
  /** In the order of the key; of a CHECK, those that it mentions. */
  readonly columns: readonly string[]
  readonly isValidated: boolean
  readonly isEnforced: boolean
  /** Came down from a partitioned or inherited parent. */
  readonly isInherited: boolean
  /** As pg_get_constraintdef() prints it. */
  readonly definition?: string
  readonly isDeferrable?: boolean
  /** The index that backs it. */
  readonly index?: string
  readonly references?: {
    /** `schema.name` */
    readonly table: string
    readonly columns: readonly string[]
    readonly onDelete: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'
    readonly onUpdate: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'
  }
  readonly comment?: string
}

export interface CatalogIndex extends Identified {
  /** `btree`, `gin`, … */
  readonly method: string
  readonly isUnique: boolean
  readonly isValid: boolean
  readonly keys: readonly {
    readonly column?: string
    readonly expression?: string
    /** Absent: the type's default one. */
    readonly operatorClass?: string
    /** Absent: the column's own one. */
    readonly collation?: string
    readonly isDescending?: boolean
    readonly nullsFirst?: boolean
  }[]
  readonly include: readonly string[]
  readonly predicate?: string
  readonly nullsNotDistinct?: boolean
  /** Of a constraint: its name. */
  readonly constraint?: string
  /** `schema.name` of the partitioned index that it is a part of. */
  readonly partitionOf?: string
  /** As pg_get_indexdef() prints it. */
  readonly definition?: string
}

export interface CatalogTrigger {
  readonly name: string
  readonly enabled: 'enabled' | 'disabled' | 'replica' | 'always'
  /** `schema.name` */
  readonly function?: string
  readonly definition?: string
  /** Of a foreign key (pg_trigger.tgconstraint): the constraint's name; such triggers are listed only when not enabled. */
  readonly constraint?: string
  /** CREATE CONSTRAINT TRIGGER. */
  readonly isConstraint?: boolean
  /** Came down from a partitioned table. */
  readonly isInherited?: boolean
}

export interface CatalogPolicy {
  readonly name: string
  readonly isPermissive: boolean
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete'
  /** `PUBLIC` or role names. */
  readonly roles: readonly string[]
  readonly using?: string
  readonly withCheck?: string
}

/**
 * One grantee's rights on one object, those of the owner left out. `PUBLIC` for everybody. What PUBLIC has by default
 * (EXECUTE on functions) is told like any other right.
 */
export interface CatalogGrant {
  readonly grantee: string
  /** e.g. `SELECT`, sorted. */
  readonly privileges: readonly string[]
}

/** A function or procedure (pg_proc.oid as its id). */
export interface CatalogRoutine extends Identified {
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window function'
  /** Types of the arguments that a call gives, as format_type() prints them. */
  readonly arguments: readonly string[]
  /** How many of them, from the last, have a default. */
  readonly defaults?: number
  readonly isVariadic?: boolean
  readonly returns?: string
  readonly language?: string
  readonly isSecurityDefiner?: boolean
  /** pg_proc.proconfig, e.g. `search_path=pg_catalog`. */
  readonly config?: readonly string[]
  readonly volatility?: 'immutable' | 'stable' | 'volatile'
  readonly isStrict?: boolean
  readonly body?: string
  readonly owner?: string
  readonly grants?: readonly CatalogGrant[]
  readonly comment?: string
}

export interface CatalogSequence extends Identified {
  readonly type: string
  readonly ownedBy?: { /** `schema.name` */ readonly table: string; readonly column: string }
  /**
   * The column that draws from it (by default, identity or serial) already holds a value that it has yet to give:
   * inserts fail with a duplicate key as soon as they get there. Known from a server only. Decimal numbers.
   */
  readonly behind?: {
    readonly table: string
    readonly column: string
    readonly next: string
    readonly highest: string
    /**
     * Only rows that we made ourselves, in the place of production's, have such a value, and the sequence has given
     * none yet and begins at 1: inserts fail where production's rows have ids from 1 on.
     */
    readonly isOfSeededRows?: boolean
  }
}

export interface CatalogType extends Identified {
  readonly kind: 'enum' | 'domain' | 'composite' | 'range'
  /** Of an enum, in order. */
  readonly labels?: readonly string[]
}

export interface CatalogExtension {
  readonly name: string
  readonly schema: string
  readonly version?: string
}

export interface CatalogSchema {
  readonly name: string
  readonly owner?: string
  readonly grants?: readonly CatalogGrant[]
}

export interface CatalogPublication {
  readonly name: string
  /** Of every table, also of those to come. */
  readonly allTables: boolean
  readonly publishes: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** `schema.name`, those of published schemas included; with `allTables` all there are. */
  readonly tables: readonly string[]
}
