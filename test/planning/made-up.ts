import type { PlannerColumn, PlannerTable, Production } from '../../src/core/production.ts'

/** A table of production with these columns; pages as rows of 100 bytes need them. */
export function madeUpTable(
  name: string,
  rows: number,
  columns: Readonly<Record<string, Partial<PlannerColumn>>> = {},
  indexes: PlannerTable['indexes'] = [],
): PlannerTable {
  const pages = Math.ceil((rows * 100) / 8192)
  return {
    schema: 'public',
    name,
    kind: 'table',
    rows,
    pages,
    allVisiblePages: pages,
    columns: Object.entries(columns).map(([column, statistics]) => ({
      name: column,
      nullFraction: 0,
      distinct: -1,
      width: 8,
      correlation: 0.5,
      ...statistics,
    })),
    indexes,
  }
}

/** A production of these tables, in C.UTF-8 as our own databases are. */
export function madeUpProduction(
  tables: readonly PlannerTable[],
  { hasValues = true, settings = {} }: { hasValues?: boolean; settings?: Record<string, number> } = {},
): Production {
  return {
    sources: [],
    tables: tables.map(({ schema, name, rows = 0, pages = 0, columns = [] }) => ({
      schema,
      name,
      rows,
      heapBytes: pages * 8192,
      columns,
      from: 'snapshot' as const,
    })),
    settings: {},
    planner: { tables, settings, hasValues },
  }
}
