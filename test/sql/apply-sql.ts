import { parseSync } from 'pgsql-parser'
import type { CatalogChange, ObjectName } from '../../src/core/model.ts'
import { unwrap } from '../../src/sql/ast.ts'
import { applyStatement } from '../../src/sql/schema-apply.ts'
import { isTable, type RelationRecord, type TableRecord } from '../../src/sql/schema-records.ts'
import { Schema } from '../../src/sql/schema.ts'

export interface ReportedChange {
  readonly object: ObjectName
  readonly existedBefore: boolean
  readonly change: CatalogChange
}

export interface Applied {
  readonly schema: Schema
  readonly changes: readonly ReportedChange[]
}

/** Applies statements one after the other; needs the parser's module to be loaded. */
export function applySql(
  sql: string,
  {
    schema = new Schema({ isComplete: true, canRollBack: true }),
    path = ['public'],
    isUnderReview = false,
  }: { readonly schema?: Schema; readonly path?: readonly string[]; readonly isUnderReview?: boolean } = {},
): Applied {
  const changes: ReportedChange[] = []
  for (const { stmt } of (parseSync(sql) as { stmts?: { stmt?: never }[] }).stmts ?? []) {
    const wrapped = unwrap(stmt)
    if (wrapped === undefined) continue
    const report = (object: ObjectName, existedBefore: boolean, change: CatalogChange) => {
      changes.push({ object, existedBefore, change })
    }
    applyStatement({ schema, path, isUnderReview, report, sql }, wrapped.tag, wrapped.value)
  }
  return { schema, changes }
}

/** The relation called so; fails when there is none. */
export function relationAt(schema: Schema, name: string, inSchema = 'public'): RelationRecord {
  const found = schema.at(inSchema, name)
  if (found === undefined) throw new Error(`no relation ${inSchema}.${name}`)
  return found
}

export function tableAt(schema: Schema, name: string, inSchema = 'public'): TableRecord {
  const found = relationAt(schema, name, inSchema)
  if (!isTable(found)) throw new Error(`${name} is a ${found.kind}`)
  return found
}

/** Names of a table's constraints, sorted. */
export function constraintNames(schema: Schema, table: string): readonly string[] {
  return tableAt(schema, table)
    .constraints.map(({ name }) => name)
    .toSorted()
}

/** Names of a table's indexes, sorted. */
export function indexNames(schema: Schema, table: string): readonly string[] {
  return schema
    .indexes(tableAt(schema, table).indexes)
    .map(({ name }) => name)
    .toSorted()
}
