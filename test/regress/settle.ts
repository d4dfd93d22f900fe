import { isTable, type RelationRecord } from '../../src/sql/schema-records.ts'
import type { Schema } from '../../src/sql/schema.ts'

/** What was new to the statement before is old to the next: marks everything as if history had created it. */
export function settle(schema: Schema): void {
  for (const record of [...schema.allRelations()]) {
    if (record.isNew || hasNewParts(record)) schema.put(settled(record))
  }
}

function hasNewParts(record: RelationRecord): boolean {
  if (!isTable(record)) return false
  return [...record.columns, ...record.constraints, ...record.triggers].some(({ isNew }) => isNew)
}

function settled(record: RelationRecord): RelationRecord {
  if (!isTable(record)) return { ...record, isNew: false }
  const old = <T extends { readonly isNew: boolean }>(parts: readonly T[]): readonly T[] =>
    parts.map((part) => (part.isNew ? { ...part, isNew: false } : part))
  return {
    ...record,
    isNew: false,
    columns: old(record.columns),
    constraints: old(record.constraints),
    triggers: old(record.triggers),
  }
}
