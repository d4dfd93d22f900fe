import type { CatalogIndex, CatalogTable, SchemaCatalogs } from '../core/model.ts'
import { relationKey } from '../core/effects.ts'
import { batchedDelete, type BatchTarget } from './batches.ts'

/** A table whose rows are changed in batches, as far as its schema is known. */
export interface BatchTable {
  readonly relation: { readonly kind: string; readonly schema: string; readonly name: string }
  /** Columns that are unique together and never NULL; absent: none are known. */
  readonly key?: readonly string[]
  /** Types by column, as format_type() prints them; absent: not known. */
  readonly types?: ReadonlyMap<string, string>
  /** Other tables inherit from it: its rows are in several files. */
  readonly hasChildren: boolean
}

/** What the schema says about the table. */
export function batchTable(relation: BatchTable['relation'], schema: SchemaCatalogs | undefined): BatchTable {
  const name = relationKey(relation)
  const find = (tables: readonly CatalogTable[] = []): CatalogTable | undefined =>
    tables.find((table) => relationKey(table) === name)
  const before = find(schema?.before.tables)
  const after = find(schema?.after.tables)
  if (before === undefined && after === undefined) return { relation, hasChildren: false }
  const key = keyOf(before ?? after)
  const columns = [...(before?.columns ?? []), ...(after?.columns ?? [])]
  return {
    relation,
    ...(key === undefined ? {} : { key }),
    types: new Map(columns.map((column) => [column.name, column.type])),
    hasChildren:
      relation.kind === 'table' &&
      schema?.before.tables.some(({ inherits = [] }) => inherits.includes(name)) === true,
  }
}

/** All rows of the table deleted in batches; undefined where they are in several files that have no key together. */
export function batchedDeleteOfAll(
  relation: BatchTable['relation'],
  schema: SchemaCatalogs | undefined,
): string | undefined {
  const target = everyRowTarget(relation, schema)
  return target === undefined ? undefined : batchedDelete(target, [])
}

/** Undefined for inheriting tables without a key that they have together. */
export function batchTarget({ relation, key, hasChildren }: BatchTable): BatchTarget | undefined {
  if (hasChildren && key === undefined) return undefined
  return key === undefined ? { relation } : { relation, key }
}

/**
 * For batches that stand for what goes past row security, as rewrites and TRUNCATE do: undefined too where it is forced on
 * the owner, whose UPDATE and DELETE leave the rows alone that its policies hide (check_enable_rls, rls.c).
 */
export function everyRowTarget(
  relation: BatchTable['relation'],
  schema: SchemaCatalogs | undefined,
): BatchTarget | undefined {
  const isForced = [schema?.before, schema?.after].some((catalog) =>
    catalog?.tables.some(
      (table) =>
        relationKey(table) === relationKey(relation) &&
        table.rowSecurity?.enabled === true &&
        table.rowSecurity.forced,
    ),
  )
  return isForced ? undefined : batchTarget(batchTable(relation, schema))
}

/** A name for a trigger BEFORE each row that sees what the others made of it: they fire by name, byte by byte. */
export function lastTriggerName(name: string, { triggers = [] }: CatalogTable): string | undefined {
  const prefixes = ['', 'z_', 'zz_', 'zzz_', '~']
  return prefixes
    .map((prefix) => `${prefix}${name}`)
    .find(
      (one) =>
        Buffer.byteLength(one) <= 63 &&
        triggers.every((other) => Buffer.compare(Buffer.from(other.name), Buffer.from(one)) < 0),
    )
}

/** A sentence about triggers of the table that a filling UPDATE fires, other than a rewrite would; empty without any. */
export function firingTriggers(relation: BatchTable['relation'], schema: SchemaCatalogs | undefined): string {
  const table = schema?.after.tables.find((one) => relationKey(one) === relationKey(relation))
  const names = (table?.triggers ?? [])
    .filter(({ enabled, constraint, definition = '' }) => {
      const fires = enabled === 'enabled' || enabled === 'always'
      return (
        fires && constraint === undefined && !/^CREATE .*? (?:INSERT|DELETE|TRUNCATE) ON /.test(definition)
      )
    })
    .map(({ name }) => name)
  return names.length === 0 ? '' : ` Filling fires ${names.join(', ')} for each row.`
}

/** The primary key, or else the first unique index whose columns are all NOT NULL. */
function keyOf(table: CatalogTable | undefined): readonly string[] | undefined {
  const primary = table?.constraints.find(({ kind }) => kind === 'primary key')
  if (table === undefined || primary !== undefined) return primary?.columns
  const required = new Set(table.columns.filter(({ notNull }) => notNull).map(({ name }) => name))
  return table.indexes.map(plainColumns).find((columns) => columns?.every((column) => required.has(column)))
}

/** Columns of an index that is unique over all rows; undefined where it is not, or over more than plain columns. */
function plainColumns({
  isUnique,
  isValid,
  method,
  predicate,
  keys,
}: CatalogIndex): readonly string[] | undefined {
  if (!isUnique || !isValid || method !== 'btree' || predicate !== undefined) return undefined
  const columns = keys.flatMap(({ column, operatorClass, collation }) =>
    column === undefined || operatorClass !== undefined || collation !== undefined ? [] : [column],
  )
  return columns.length === keys.length ? columns : undefined
}
