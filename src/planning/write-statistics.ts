import type { Client } from 'pg'
import type { PlannerColumn } from '../core/production.ts'
import { arrayElements } from './array-text.ts'
import type { CatalogColumn, StatisticsType } from './side-catalog.ts'
import type { SizedSide } from './figures-after.ts'

/** pg_class.relpages is an integer, and reltuples a float4. */
const mostRelpages = 2 ** 31 - 1

const sizesSql = `
update pg_class c set relpages = x.pages, reltuples = x.rows, relallvisible = x.visible
  from unnest($1::oid[], $2::int4[], $3::float4[], $4::int4[]) as x (oid, pages, rows, visible)
 where c.oid = x.oid
   and (c.relpages, c.reltuples, c.relallvisible) is distinct from (x.pages, x.rows, x.visible)`

/** Writes sizes into pg_class, as a superuser. DDL on a table resets its own before 18, so it is called again then. */
export async function writeSizes(admin: Client, { figures }: Pick<SizedSide, 'figures'>): Promise<void> {
  const all = [...figures.tables, ...figures.indexes]
  const pages = (count: number): number => Math.min(mostRelpages, Math.round(count))
  await admin.query(sizesSql, [
    all.map(([oid]) => oid),
    all.map(([, size]) => pages(size.pages)),
    all.map(([, size]) => Math.max(0, size.rows)),
    all.map(([, size]) => pages(size.allVisiblePages)),
  ])
}

/** One row of pg_statistic. */
interface StatisticsRow {
  readonly relation: number
  readonly attnum: number
  readonly inherited: boolean
  readonly collation: number
  readonly type: StatisticsType
  readonly column: PlannerColumn
}

/**
 * Writes statistics of columns into pg_statistic, as a superuser, by no input function but Postgres' own. Values that
 * the type does not take are left out.
 * @param sorts histograms of text are in the order of another collation
 */
export async function writeStatistics(admin: Client, side: SizedSide, sorts: boolean): Promise<void> {
  const rows = statisticsRows(side)
  await admin.query('delete from pg_statistic where starelid = any($1::oid[])', [
    [...new Set(rows.map(({ relation }) => relation))],
  ])
  for (let at = 0; at < rows.length; at += batchSize) {
    const batch = rows.slice(at, at + batchSize)
    await insert(admin, batch, sorts).catch(async () => {
      // one value that a type does not take: each for itself then, and without values where it is the one
      for (const row of batch) {
        await insert(admin, [row], sorts).catch(() => insert(admin, [withoutValues(row)], sorts))
      }
    })
  }
}

const batchSize = 200

function withoutValues(row: StatisticsRow): StatisticsRow {
  const { mostCommon: _most, frequencies: _frequencies, histogram: _histogram, ...column } = row.column
  return { ...row, column }
}

function statisticsRows({ catalog, figures }: SizedSide): readonly StatisticsRow[] {
  const rowsOf = (
    relation: number,
    columns: readonly CatalogColumn[],
    statistics: ReadonlyMap<number, PlannerColumn>,
  ): readonly StatisticsRow[] =>
    columns.flatMap(({ attnum, typeOid, collation }) => {
      const column = statistics.get(attnum)
      const type = catalog.types.get(typeOid)
      if (column === undefined || type === undefined) return []
      const inherited = catalog.tables.get(relation)?.kind === 'partitioned table'
      return [{ relation, attnum, inherited, collation, type, column }]
    })
  return [...figures.tables, ...figures.indexes].flatMap(([oid, { columns }]) =>
    rowsOf(oid, catalog.columns.get(oid) ?? [], columns),
  )
}

/** Numbers of pg_statistic's slots: STATISTIC_KIND_MCV, _HISTOGRAM and _CORRELATION (pg_statistic.h). */
const insertSql = `
insert into pg_statistic
select (r->>'relation')::oid, (r->>'attnum')::int2, (r->>'inherited')::bool,
       (r->>'nulls')::float4, (r->>'width')::int4, (r->>'distinct')::float4,
       case when r ? 'common' then 1 else 0 end, case when r ? 'bounds' then 2 else 0 end,
       case when r ? 'correlation' then 3 else 0 end, 0, 0,
       case when r ? 'common' then (r->>'equals')::oid else 0 end, case when r ? 'bounds' then (r->>'less')::oid else 0 end,
       case when r ? 'correlation' then (r->>'less')::oid else 0 end, 0, 0,
       case when r ? 'common' then (r->>'collation')::oid else 0 end, case when r ? 'bounds' then (r->>'collation')::oid else 0 end,
       case when r ? 'correlation' then (r->>'collation')::oid else 0 end, 0, 0,
       case when r ? 'common' then array(select f::float4 from jsonb_array_elements_text(r->'frequencies') f) end, null,
       case when r ? 'correlation' then array[(r->>'correlation')::float4] end, null, null,
       case when r ? 'common' then array_in((r->>'common')::cstring, (r->>'base')::oid, -1) end,
       case when r ? 'bounds' then array_in(
         case when (r->>'sorts')::bool
              then (select array_agg(v order by v collate "default") from unnest((r->>'bounds')::text[]) v)::text
              else r->>'bounds' end::cstring, (r->>'base')::oid, -1) end,
       null, null, null
  from jsonb_array_elements($1::jsonb) r`

const defaultCollation = 100

async function insert(admin: Client, rows: readonly StatisticsRow[], sorts: boolean): Promise<void> {
  await admin.query(insertSql, [JSON.stringify(rows.map((row) => jsonOf(row, sorts)))])
}

function jsonOf({ relation, attnum, inherited, collation, type, column }: StatisticsRow, sorts: boolean) {
  const { equals, less } = type
  const takesValues = type.isTrusted && equals !== null && less !== null
  const common = takesValues ? commonValues(column) : undefined
  const bounds = takesValues && hasBounds(column.histogram) ? column.histogram : undefined
  return {
    relation,
    attnum,
    inherited,
    nulls: within(0, column.nullFraction, 1),
    width: Math.round(within(1, type.length > 0 ? type.length : column.width, mostWidth)),
    distinct: Math.max(-1, column.distinct),
    base: type.base,
    collation,
    equals,
    less,
    sorts: sorts && type.isText && collation === defaultCollation,
    ...(common === undefined ? {} : { common, frequencies: column.frequencies }),
    ...(bounds === undefined ? {} : { bounds }),
    ...(column.correlation === undefined || less === null
      ? {}
      : { correlation: within(-1, column.correlation, 1) }),
  }
}

/** A value is at most 1 GB (MaxAllocSize). */
const mostWidth = 2 ** 30

/** What a file says need not be possible. */
function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** The planner reads as many frequencies as there are values (var_eq_const(), selfuncs.c): there must be as many. */
function commonValues({ mostCommon, frequencies }: PlannerColumn): string | undefined {
  if (mostCommon === undefined || frequencies === undefined || frequencies.length === 0) return undefined
  return arrayElements(mostCommon)?.length === frequencies.length ? mostCommon : undefined
}

function hasBounds(histogram: string | undefined): boolean {
  return histogram !== undefined && (arrayElements(histogram)?.length ?? 0) >= 2
}
