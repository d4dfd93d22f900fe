/** What the queries of postgres/schema-catalog-sql.ts answer, in the words of that file. */

export interface Grant {
  readonly grantee: string
  readonly privileges: readonly string[]
}

export interface TableRow {
  readonly id: number
  readonly schema: string
  readonly name: string
  readonly relkind: string
  readonly persistence: string
  readonly options: readonly string[] | null
  readonly owner: string
  readonly rowSecurity: boolean
  readonly forced: boolean
  readonly replicaIdentity: string
  readonly definition: string | null
  readonly grants: readonly Grant[] | null
  readonly comment: string | null
}

export interface ColumnRow {
  readonly table: number
  readonly name: string
  readonly number: number
  readonly type: string
  readonly notNull: boolean
  readonly collation: string | null
  readonly default: string | null
  readonly identity: string
  readonly generated: string
  readonly isLocal: boolean
  readonly grants: readonly Grant[] | null
  readonly comment: string | null
}

export interface ConstraintRow {
  readonly table: number
  readonly name: string
  readonly contype: string
  readonly columns: readonly number[] | null
  readonly isValidated: boolean
  readonly isEnforced: boolean
  readonly isInherited: boolean
  /** Null for NOT NULL. */
  readonly definition: string | null
  readonly isDeferrable: boolean
  readonly index: number | null
  readonly referenced: number | null
  readonly referencedColumns: readonly number[] | null
  readonly onDelete: string
  readonly onUpdate: string
  readonly comment: string | null
}

/** By place in the key, from `1`. */
type ByPlace = Readonly<Record<string, string>>

export interface IndexRow {
  readonly id: number
  readonly schema: string
  readonly name: string
  readonly table: number
  readonly method: string
  readonly isUnique: boolean
  readonly isValid: boolean
  readonly keyCount: number
  /** Column numbers, 0 for an expression: `1 0 3`. */
  readonly columns: string
  /** Bits of INDOPTION_*: 1 descending, 2 nulls first. */
  readonly options: string
  readonly isOrderable: boolean
  readonly operatorClasses: ByPlace | null
  readonly collations: ByPlace | null
  readonly expressions: ByPlace | null
  readonly predicate: string | null
  readonly nullsNotDistinct: boolean
  readonly isReplicaIdentity: boolean
  readonly parent: string | null
  /** Null for a primary key's. */
  readonly definition: string | null
}

export interface TriggerRow {
  readonly table: number
  readonly name: string
  readonly enabled: string
  readonly function: string
  readonly definition: string | null
  readonly isInherited: boolean
  readonly constraint: string | null
  /** `t` for CREATE CONSTRAINT TRIGGER. */
  readonly contype: string | null
}

export interface PolicyRow {
  readonly table: number
  readonly name: string
  readonly isPermissive: boolean
  readonly command: string
  readonly roles: readonly string[]
  readonly using: string | null
  readonly withCheck: string | null
}

export interface ParentRow {
  readonly table: number
  readonly parent: string
  readonly isPartition: boolean
}

export interface RoutineRow {
  readonly id: number
  readonly schema: string
  readonly name: string
  readonly prokind: string
  readonly arguments: readonly string[]
  readonly defaults: number
  readonly isVariadic: boolean
  readonly returns: string | null
  readonly language: string
  readonly isSecurityDefiner: boolean
  readonly config: readonly string[] | null
  readonly provolatile: string
  readonly isStrict: boolean
  readonly body: string | null
  readonly owner: string
  readonly grants: readonly Grant[] | null
  readonly comment: string | null
}

export interface SequenceRow {
  readonly id: number
  readonly schema: string
  readonly name: string
  readonly type: string
  readonly increment: string
  readonly cycles: boolean
  readonly owner: { readonly table: number; readonly column: number; readonly isIdentity: boolean } | null
  readonly drawers: readonly { readonly table: number; readonly column: number }[] | null
}

export interface TypeRow {
  readonly id: number
  readonly schema: string
  readonly name: string
  readonly typtype: string
  readonly labels: readonly string[] | null
}

export interface ExtensionRow {
  readonly name: string
  readonly schema: string
  readonly version: string
}

export interface SchemaRow {
  readonly name: string
  readonly owner: string
  readonly grants: readonly Grant[] | null
}

export interface PublicationRow {
  readonly name: string
  readonly allTables: boolean
  readonly insert: boolean
  readonly update: boolean
  readonly delete: boolean
  readonly truncate: boolean
  readonly tables: readonly string[]
}

export interface CatalogRows {
  readonly tables: readonly TableRow[]
  readonly columns: readonly ColumnRow[]
  readonly constraints: readonly ConstraintRow[]
  readonly indexes: readonly IndexRow[]
  readonly triggers: readonly TriggerRow[]
  readonly policies: readonly PolicyRow[]
  readonly parents: readonly ParentRow[]
  readonly routines: readonly RoutineRow[]
  readonly sequences: readonly SequenceRow[]
  readonly types: readonly TypeRow[]
  readonly extensions: readonly ExtensionRow[]
  readonly schemas: readonly SchemaRow[]
  readonly publications: readonly PublicationRow[]
}
