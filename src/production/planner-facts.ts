import type { PlannerColumn, PlannerFacts, PlannerIndex, PlannerTable } from '../core/production.ts'
import type { Snapshot, SnapshotIndex, SnapshotTable } from '../snapshot/format.ts'

/** What the snapshot has for the planner: as pg_class and pg_statistic have it, with values where it holds any. */
export function plannerFacts({ tables, settings, server, containsValues }: Snapshot): PlannerFacts {
  // pages of another size would have to be counted anew; servers that were built so are rare
  const pageFactor = server.blockSize / 8192
  return {
    tables: tables.map((table) => tableOf(table, pageFactor)),
    settings,
    encoding: server.encoding,
    collation: server.collation,
    ctype: server.ctype,
    localeProvider: server.localeProvider,
    ...(server.locale === undefined ? {} : { locale: server.locale }),
    hasValues: containsValues,
  }
}

function tableOf(table: SnapshotTable, pageFactor: number): PlannerTable {
  const { schema, name, kind, rows, pages, allVisiblePages, columns, indexes } = table
  return {
    schema,
    name,
    kind,
    ...(rows === null ? {} : { rows }),
    ...(pages === null ? {} : { pages: Math.ceil(pages * pageFactor) }),
    ...(allVisiblePages === undefined ? {} : { allVisiblePages: Math.floor(allVisiblePages * pageFactor) }),
    ...(columns === undefined ? {} : { columns: columns.map(columnOf) }),
    indexes: indexes.map((index) => indexOf(index, pageFactor)),
  }
}

function indexOf({ name, method, rows, pages, columns }: SnapshotIndex, pageFactor: number): PlannerIndex {
  return {
    name,
    method,
    ...(rows === null ? {} : { rows }),
    ...(pages === null ? {} : { pages: Math.ceil(pages * pageFactor) }),
    ...(columns === undefined ? {} : { columns: columns.map(columnOf) }),
  }
}

function columnOf({ values, ...column }: NonNullable<SnapshotTable['columns']>[number]): PlannerColumn {
  return { ...column, ...values }
}
