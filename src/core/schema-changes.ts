/** What the review made: the schema after it, compared with the one before. */
import type {
  CatalogColumn,
  CatalogConstraint,
  CatalogRoutine,
  CatalogTable,
  SchemaCatalogs,
} from './schema-catalog.ts'

type Named = { readonly schema: string; readonly name: string }

/** `schema.name`, as catalogues refer to tables. */
export function fullNameOf({ schema, name }: Named): string {
  return `${schema}.${name}`
}

/** Does the table hold rows of its own, or stand for partitions that do? */
export function isOrdinaryTable({ kind }: Pick<CatalogTable, 'kind'>): boolean {
  return kind === 'table' || kind === 'partitioned table'
}

/** A table after the review, and what it was before. */
export interface TableChange {
  readonly table: CatalogTable
  /** The same table, else the one whose name it has taken; absent: the review made it, and nothing in its place was there. */
  readonly before?: CatalogTable
  /** The review made it, if in the place of another. */
  readonly isNew: boolean
}

/** Every table, view and materialized view after the review. */
export function tableChanges({ before, after }: SchemaCatalogs): readonly TableChange[] {
  const byId = new Map(before.tables.map((table) => [table.id, table]))
  const byName = new Map(before.tables.map((table) => [fullNameOf(table), table]))
  return after.tables.map((table) => {
    const same = byId.get(table.id)
    const earlier = same ?? byName.get(fullNameOf(table))
    return { table, isNew: same === undefined, ...(earlier === undefined ? {} : { before: earlier }) }
  })
}

/** Tables that the review made and that are no partitions; in the order in which they were made. */
export function newTables(schema: SchemaCatalogs): readonly CatalogTable[] {
  return tableChanges(schema).flatMap(({ table, isNew }) =>
    isNew && isOrdinaryTable(table) && table.partitionOf === undefined ? [table] : [],
  )
}

/** A column of a table that holds rows, and its table. */
export interface ColumnOfTable {
  readonly table: CatalogTable
  readonly column: CatalogColumn
}

/**
 * Columns that the review made or gave another type, in tables that hold rows. Not those that came down from a parent,
 * nor those that were there already, with this type, in the table whose place their table has taken.
 */
export function newColumns(schema: SchemaCatalogs): readonly ColumnOfTable[] {
  const byName = new Map(schema.after.tables.map((table) => [fullNameOf(table), table]))
  return tableChanges(schema).flatMap(({ table, before, isNew }) => {
    if (!isOrdinaryTable(table) || table.partitionOf !== undefined) return []
    const inherited = new Set(
      (table.inherits ?? []).flatMap((parent) => byName.get(parent)?.columns.map(({ name }) => name) ?? []),
    )
    const known = (column: CatalogColumn): boolean =>
      before?.columns.some(
        (other) =>
          (isNew ? other.name === column.name : other.number === column.number) && other.type === column.type,
      ) === true
    return table.columns
      .filter((column) => !inherited.has(column.name) && !known(column))
      .map((column) => ({ table, column }))
  })
}

/** A constraint and its table. */
export interface ConstraintOfTable {
  readonly table: CatalogTable
  readonly constraint: CatalogConstraint
  /** One that enforces the same was there before, if under another name, or in the table whose place it has taken. */
  readonly hadEqual: boolean
}

/** Constraints whose names are new to their table; those that came down from a parent left out. */
export function newConstraints(schema: SchemaCatalogs): readonly ConstraintOfTable[] {
  return tableChanges(schema).flatMap(({ table, before, isNew }) =>
    table.constraints.flatMap((constraint) => {
      const old = before?.constraints ?? []
      const isOld = !isNew && old.some(({ name }) => name === constraint.name)
      if (isOld || constraint.isInherited) return []
      return [{ table, constraint, hadEqual: old.some((other) => enforcesSame(other, constraint)) }]
    }),
  )
}

/** Same kind, columns and reference; names and whether old rows were checked do not matter. */
export function enforcesSame(one: CatalogConstraint, other: CatalogConstraint): boolean {
  return (
    one.kind === other.kind &&
    sameWords(one.columns, other.columns) &&
    (one.kind !== 'check' || one.definition === other.definition) &&
    one.references?.table === other.references?.table &&
    one.references?.onDelete === other.references?.onDelete &&
    sameWords(one.references?.columns ?? [], other.references?.columns ?? [])
  )
}

/** In whatever order. */
export function sameWords(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word) => other.includes(word))
}

/** A function or procedure after the review, and what it was before. */
export interface RoutineChange {
  readonly routine: CatalogRoutine
  readonly before?: CatalogRoutine
}

/** Every function and procedure after the review; none where they are not known. */
export function routineChanges({ before, after }: SchemaCatalogs): readonly RoutineChange[] {
  const byId = new Map((before.routines ?? []).map((routine) => [routine.id, routine]))
  return (after.routines ?? []).map((routine) => {
    const same = byId.get(routine.id)
    return { routine, ...(same === undefined ? {} : { before: same }) }
  })
}
