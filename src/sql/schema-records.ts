import type { IndexElem, Node } from '@pgsql/types'
import type { ColumnType } from './column-type.ts'
import type { Condition } from './conditions.ts'

/** Survives renames, like an oid. */
export type RelationId = number

interface RelationBase {
  readonly id: RelationId
  readonly schema: string
  readonly name: string
  /** Created by a migration under review: nobody else can be using it. */
  readonly isNew: boolean
  /** False when statements use the relation and no file creates it: it exists, but we know nothing more. */
  readonly isKnown: boolean
}

export interface Column {
  /** pg_attribute.attnum: survives renames. */
  readonly number: number
  readonly name: string
  readonly type: ColumnType
  readonly notNull: boolean
  readonly fill: 'nothing' | 'default' | 'identity' | 'stored' | 'virtual'
  /** The sequence that DEFAULT nextval() or an identity draws from. */
  readonly sequence?: RelationId
  /** Where `fill` is `default`; absent where it came from the type. */
  readonly default?: Node
  /** Where `fill` is `identity`. */
  readonly identity?: 'always' | 'by default'
  readonly collation?: string
  /** Added by a migration under review: what happens to it harms nobody. */
  readonly isNew: boolean
}

interface ConstraintBase {
  readonly name: string
  /** Column numbers; of a CHECK, all that it mentions. */
  readonly columns: readonly number[]
  readonly isValidated: boolean
  readonly isNew: boolean
  /** Came down from a partitioned or inherited parent. */
  readonly isInherited?: boolean
}

/** PG 14 to 17 keep NOT NULL in the column only; the model names it always, as PG 18 does. */
export interface NotNullConstraint extends ConstraintBase {
  readonly kind: 'not null'
}

export interface CheckConstraint extends ConstraintBase {
  readonly kind: 'check'
  /** What it guarantees, one condition per top-level AND. */
  readonly guarantees: readonly Condition[]
  readonly isLocalOnly: boolean
}

export interface KeyConstraint extends ConstraintBase {
  readonly kind: 'primary key' | 'unique' | 'exclusion'
  readonly index: RelationId
}

export interface ForeignKey extends ConstraintBase {
  readonly kind: 'foreign key'
  readonly table: RelationId
  readonly referencedColumns: readonly number[]
  readonly isEnforced: boolean
  readonly onDelete: ForeignKeyAction
  readonly onUpdate: ForeignKeyAction
}

/** pg_constraint.confdeltype: no action, restrict, cascade, set null, set default. */
export type ForeignKeyAction = 'a' | 'r' | 'c' | 'n' | 'd'

export type Constraint = NotNullConstraint | CheckConstraint | KeyConstraint | ForeignKey

export interface Trigger {
  readonly name: string
  readonly function: string
  readonly events: number
  readonly isNew: boolean
  readonly isRow: boolean
  /** `schema.name` of its function, where a file creates it. */
  readonly calls?: string
  /** Absent: it fires. */
  readonly firing?: 'disabled' | 'replica' | 'always'
  /** CREATE CONSTRAINT TRIGGER. */
  readonly isConstraint?: boolean
  /** Came down from a partitioned table. */
  readonly isInherited?: boolean
}

export interface PolicyRecord {
  readonly name: string
  readonly isPermissive: boolean
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete'
  /** `PUBLIC` or role names. */
  readonly roles: readonly string[]
  readonly using?: Node
  readonly withCheck?: Node
}

/** The part of a partitioned table's key space that a partition holds. */
export type PartitionBound =
  | { readonly kind: 'default' }
  | { readonly kind: 'hash' }
  | { readonly kind: 'list'; readonly values: readonly string[]; readonly takesNull: boolean }
  | { readonly kind: 'range'; readonly from: readonly Node[]; readonly to: readonly Node[] }

export interface PartitionKey {
  readonly strategy: 'list' | 'range' | 'hash'
  /** Column numbers; 0 for an expression. */
  readonly columns: readonly number[]
}

/** What hangs on a table, view or materialized view. */
interface RelationWithDependents extends RelationBase {
  readonly indexes: readonly RelationId[]
  /** Views and materialized views that read it. */
  readonly readers: readonly RelationId[]
  readonly triggers: readonly Trigger[]
  readonly rules: readonly string[]
  /** Of WITH (…): `security_invoker=true`, sorted. */
  readonly options?: readonly string[]
}

export interface TableRecord extends RelationWithDependents {
  readonly kind: 'table' | 'partitioned table' | 'foreign table'
  readonly persistence: 'permanent' | 'unlogged' | 'temporary'
  readonly columns: readonly Column[]
  /** The number that the next column gets; dropped columns keep theirs. */
  readonly nextColumn: number
  readonly constraints: readonly Constraint[]
  /** Tables with a foreign key to this one. */
  readonly referencedBy: readonly RelationId[]
  readonly parents: readonly RelationId[]
  readonly children: readonly RelationId[]
  readonly partitionKey?: PartitionKey
  readonly partitionBound?: PartitionBound
  readonly sequences: readonly RelationId[]
  readonly policies: readonly PolicyRecord[]
  readonly rowSecurity?: { readonly enabled: boolean; readonly forced: boolean }
  /** Absent: `default`. */
  readonly replicaIdentity?: 'nothing' | 'full' | { readonly index: RelationId }
  /** Foreign keys whose triggers DISABLE TRIGGER ALL has switched off. */
  readonly disabledKeys?: readonly string[]
  /** It has further columns: some came from a table, type or query that no file tells. */
  readonly hasUnknownColumns?: boolean
  /** CREATE TABLE … OF: name of the composite type. */
  readonly ofType?: string
}

export interface ViewRead {
  readonly relation: RelationId
  /** Column numbers that the view certainly uses. */
  readonly columns: readonly number[]
}

export interface ViewRecord extends RelationWithDependents {
  readonly kind: 'view' | 'materialized view'
  readonly reads: readonly ViewRead[]
  readonly query?: Node
}

/** What an index is made of. */
export interface IndexParts {
  readonly method: string
  /** Key columns; 0 for an expression. */
  readonly keys: readonly number[]
  /** All columns that it depends on: keys, INCLUDE, expressions, predicate. */
  readonly columns: readonly number[]
  readonly isUnique: boolean
  /** Has neither expressions nor a predicate. */
  readonly isPlain: boolean
  readonly isPartial: boolean
  /** INCLUDE, by number. */
  readonly included?: readonly number[]
  /** Its keys as CREATE INDEX has them: columns may have other names by now. Absent for constraints. */
  readonly elements?: readonly IndexElem[]
  readonly predicate?: Node
}

export interface IndexRecord extends RelationBase, IndexParts {
  readonly kind: 'index' | 'partitioned index'
  readonly table: RelationId
  /** The constraint that owns it. */
  readonly constraint?: string
  readonly parent?: RelationId
  readonly children: readonly RelationId[]
}

export interface SequenceRecord extends RelationBase {
  readonly kind: 'sequence'
  /** `bigint`, `integer` or `smallint`. */
  readonly type: string
  readonly ownedBy?: { readonly table: RelationId; readonly column: number }
}

export type RelationRecord = TableRecord | ViewRecord | IndexRecord | SequenceRecord

export interface TypeRecord {
  /** Survives renames. */
  readonly id: number
  readonly kind: 'enum' | 'domain' | 'composite' | 'range' | 'other'
  readonly schema: string
  readonly name: string
  readonly isNew: boolean
  /** Of a domain. */
  readonly base?: ColumnType
  /** Of a domain: NOT NULL or CHECK, by name; `isValidated` false for NOT VALID. */
  readonly constraints: readonly { readonly name: string; readonly isValidated: boolean }[]
  /** Of an enum, in order. */
  readonly labels?: readonly string[]
  /** Of a domain: does it bring a default? */
  readonly default?: Node
}

export interface FunctionRecord {
  /** CREATE OR REPLACE keeps it. */
  readonly id: number
  readonly schema: string
  readonly name: string
  readonly isNew: boolean
  readonly isProcedure: boolean
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly language: string
  readonly argumentCount: number
  /** What tells overloads apart: types of the arguments that a call gives. */
  readonly argumentTypes: readonly ColumnType[]
  readonly defaults: number
  readonly isVariadic: boolean
  readonly returns?: ColumnType & { readonly isSet: boolean }
  readonly isSecurityDefiner: boolean
  readonly isStrict: boolean
  /** `search_path=app`, sorted; settings that are taken FROM CURRENT are left out. */
  readonly config: readonly string[]
  /** Its CREATE statement, for reading the body when somebody calls it. */
  readonly definition?: string
  /** Source text of AS '…'; undefined for SQL-standard bodies. */
  readonly body?: string
  /** SQL-standard body (BEGIN ATOMIC or RETURN). */
  readonly sqlBody?: Node
}

export interface ExtensionRecord {
  readonly name: string
  /** Absent where CREATE EXTENSION leaves it to the extension itself. */
  readonly schema?: string
}

export interface PublicationRecord {
  readonly name: string
  readonly allTables: boolean
  readonly publishes: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  readonly tables: readonly RelationId[]
  readonly schemas: readonly string[]
}

export function isTable(record: RelationRecord | undefined): record is TableRecord {
  return (
    record !== undefined &&
    (record.kind === 'table' || record.kind === 'partitioned table' || record.kind === 'foreign table')
  )
}

export function isView(record: RelationRecord | undefined): record is ViewRecord {
  return record !== undefined && (record.kind === 'view' || record.kind === 'materialized view')
}

export function isIndex(record: RelationRecord | undefined): record is IndexRecord {
  return record !== undefined && (record.kind === 'index' || record.kind === 'partitioned index')
}

/** Can it be read and written like a table: has it indexes, triggers, readers? */
export function hasDependents(record: RelationRecord | undefined): record is TableRecord | ViewRecord {
  return isTable(record) || isView(record)
}

export function columnByName(table: TableRecord, name: string): Column | undefined {
  return table.columns.find((column) => column.name === name)
}

export function columnByNumber(table: TableRecord, number: number): Column | undefined {
  return table.columns.find((column) => column.number === number)
}
