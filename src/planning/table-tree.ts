import type { PlannedTable } from './planning-copy.ts'

/** A table with all partitions below it. */
export function tableTree(table: PlannedTable, all: readonly PlannedTable[]): readonly PlannedTable[] {
  const below = all.filter(({ partitionOf }) => partitionOf === table.oid)
  return [table, ...below.flatMap((partition) => tableTree(partition, all))]
}

/** `schema.name` */
export function tableKey({ schema, name }: Pick<PlannedTable, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}
