/** What of a predicted `SchemaCatalog` is no table. */
import type {
  CatalogPublication,
  CatalogRoutine,
  CatalogSequence,
  CatalogType,
  SchemaCatalog,
} from '../core/model.ts'
import { formatType, type ColumnType } from '../sql/column-type.ts'
import { quoteIdent } from '../sql/quote.ts'
import type { Schema } from '../sql/schema.ts'
import {
  columnByNumber,
  isTable,
  type FunctionRecord,
  type PublicationRecord,
  type SequenceRecord,
  type TypeRecord,
} from '../sql/schema-records.ts'
import { fullName } from '../sql/schema-scope.ts'

export function otherObjects(schema: Schema): Omit<SchemaCatalog, 'tables'> {
  const routines: CatalogRoutine[] = []
  for (const overloads of schema.allFunctions()) routines.push(...overloads.map(catalogRoutine))
  const sequences: CatalogSequence[] = []
  for (const record of schema.allRelations()) {
    if (record.kind === 'sequence' && record.isKnown) sequences.push(catalogSequence(schema, record))
  }
  return {
    routines,
    sequences,
    types: [...schema.allTypes()].flatMap(catalogType),
    extensions: [...schema.allExtensions()].map(({ name, schema: chosen = '' }) => ({
      name,
      schema: chosen,
    })),
    schemas: [...schema.allSchemas()].map((name) => ({ name })),
    publications: [...schema.allPublications()].map((one) => catalogPublication(schema, one)),
  }
}

/** As format_type() prints it with nothing but pg_catalog on the search path. */
export function typeName(type: ColumnType): string {
  if (type.schema === '') return formatType(type)
  const modifiers = type.modifiers.length === 0 ? '' : `(${type.modifiers.join(',')})`
  return `${quoteIdent(type.schema)}.${quoteIdent(type.name)}${modifiers}${type.isArray ? '[]' : ''}`
}

function catalogRoutine(routine: FunctionRecord): CatalogRoutine {
  const { id, schema, name, isProcedure, argumentTypes, defaults, isVariadic, returns, body } = routine
  const { language, isSecurityDefiner, config, volatility, isStrict } = routine
  return {
    id,
    schema,
    name,
    kind: isProcedure ? 'procedure' : 'function',
    arguments: argumentTypes.map(typeName),
    defaults,
    isVariadic,
    language,
    isSecurityDefiner,
    config,
    volatility,
    isStrict,
    ...(returns === undefined ? {} : { returns: `${returns.isSet ? 'SETOF ' : ''}${typeName(returns)}` }),
    ...(body === undefined ? {} : { body }),
  }
}

function catalogSequence(schema: Schema, { id, name, type, ...record }: SequenceRecord): CatalogSequence {
  const owner = record.ownedBy === undefined ? undefined : schema.find(record.ownedBy.table)
  const column = isTable(owner) ? columnByNumber(owner, record.ownedBy?.column ?? 0)?.name : undefined
  return {
    id,
    schema: record.schema,
    name,
    type,
    ...(owner === undefined || column === undefined ? {} : { ownedBy: { table: fullName(owner), column } }),
  }
}

function catalogType({ id, schema, name, kind, labels }: TypeRecord): readonly CatalogType[] {
  if (kind === 'other') return []
  return [{ id, schema, name, kind, ...(labels === undefined ? {} : { labels }) }]
}

/** Of a partitioned table its partitions are published (pg_get_publication_tables, without publish_via_partition_root). */
function catalogPublication(schema: Schema, publication: PublicationRecord): CatalogPublication {
  const { name, allTables, publishes, schemas } = publication
  const listed = new Set(
    schema.tables(publication.tables).flatMap((table) => schema.withDescendants(table).map(({ id }) => id)),
  )
  const tables: string[] = []
  for (const record of schema.allRelations()) {
    if (record.kind !== 'table' || record.persistence !== 'permanent' || !record.isKnown) continue
    if (allTables || listed.has(record.id) || schemas.includes(record.schema)) tables.push(fullName(record))
  }
  return { name, allTables, publishes, tables: tables.toSorted() }
}
