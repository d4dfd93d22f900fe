import { literalText } from '../sql/ast.ts'
import { compareLiterals } from '../sql/conditions.ts'
import type { Schema } from '../sql/schema.ts'
import { columnByNumber, type PartitionBound, type TableRecord } from '../sql/schema-records.ts'

/**
 * The partitions, level by level, that take a row; as far as literals and single-column keys tell.
 * `valueOf` gives the row's value for a column as text.
 */
export function partitionsFor(
  schema: Schema,
  table: TableRecord,
  valueOf: (column: string) => string | undefined,
): readonly TableRecord[] {
  const [number, ...more] = table.partitionKey?.columns ?? []
  if (number === undefined || more.length > 0) return []
  const value = valueOf(columnByNumber(table, number)?.name ?? '')
  if (value === undefined) return []
  const partition = schema
    .tables(table.children)
    .find(({ partitionBound }) => partitionBound !== undefined && holds(partitionBound, value))
  return partition === undefined ? [] : [partition, ...partitionsFor(schema, partition, valueOf)]
}

function holds(bound: PartitionBound, value: string): boolean {
  if (bound.kind === 'list') return bound.values.includes(value)
  if (bound.kind !== 'range') return false
  const [from, to] = [literalText(bound.from[0]), literalText(bound.to[0])]
  // MINVALUE and MAXVALUE are no literals
  const isAbove = from === undefined || (compareLiterals(value, from) ?? -1) >= 0
  const isBelow = to === undefined || (compareLiterals(value, to) ?? 1) < 0
  return isAbove && isBelow
}
