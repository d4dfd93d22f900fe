import { performance } from 'node:perf_hooks'
import type { Client } from 'pg'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { fillTables } from '../../src/sampling/fill.ts'
import type { FillReport, FillRequest, FillTable } from '../../src/sampling/model.ts'

export interface Filled extends AsyncDisposable {
  readonly admin: Client
  readonly database: string
  readonly report: FillReport
  one<T>(sql: string): Promise<T>
}

/** All tables that are no partitions, with as many rows each. */
export async function allTables(admin: Client, rows: number): Promise<readonly FillTable[]> {
  const answer = await admin.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_|^information_schema$|^pgrehearse' order by c.oid`,
  )
  return answer.rows.map((table) => ({ ...table, rows }))
}

/** Runs the scripts as the migrator and fills. */
export async function fillSchema(
  server: PostgresServer,
  scripts: readonly string[],
  tables: number | readonly FillTable[],
  options: Partial<FillRequest> = {},
): Promise<Filled> {
  const database = await server.createDatabase()
  const admin = await server.connectAdmin(database)
  const migrator = await server.connectMigrator(database)
  for (const script of scripts) await migrator.query(script)
  await migrator.end()
  const report = await fillTables(admin, {
    tables: typeof tables === 'number' ? await allTables(admin, tables) : tables,
    endsAt: performance.now() + 60_000,
    signal: new AbortController().signal,
    connectMigrator: () => server.connectMigrator(database),
    ...options,
  })
  await admin.query('set search_path = public, pg_catalog')
  return {
    admin,
    database,
    report,
    async one<T>(sql: string): Promise<T> {
      const { rows } = await admin.query({ text: sql, rowMode: 'array' })
      return (rows as readonly (readonly unknown[])[])[0]?.[0] as T
    },
    async [Symbol.asyncDispose]() {
      await admin.end()
      await server.dropDatabase(database)
    },
  }
}

/** `table: constraint` of every CHECK and foreign key that cannot be added once more, and of every index that cannot be built. */
export async function violations(admin: Client): Promise<readonly string[]> {
  await admin.query('begin')
  await admin.query(`set local search_path = ''; set local statement_timeout = '5s'`)
  const { rows } = await admin.query<{ relation: string; label: string; name: string; sql: string }>(
    `select c.oid::regclass::text as relation, n.nspname || '.' || c.relname as label, con.conname as name,
       format('alter table %s add constraint once_more_%s %s', c.oid::regclass, con.oid, replace(pg_get_constraintdef(con.oid), ' NOT VALID', '')) as sql
     from pg_constraint con join pg_class c on c.oid = con.conrelid join pg_namespace n on n.oid = c.relnamespace
     where con.contype in ('c', 'f') and con.conparentid = 0 and con.coninhcount = 0 and con.conname <> 'endless_x_check' and n.nspname !~ '^pg_'
     union all
     select i.indrelid::regclass::text, n.nspname || '.' || c.relname, i.indexrelid::regclass::text, format('reindex index %s', i.indexrelid::regclass)
     from pg_index i join pg_class c on c.oid = i.indrelid and c.relkind = 'r' join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_'`,
  )
  const broken: string[] = []
  for (const { label, name, sql } of rows) {
    await admin.query('savepoint one')
    try {
      await admin.query(`${sql}; set constraints all immediate`)
    } catch (error) {
      broken.push(`${label}: ${name} (${error instanceof Error ? error.message : ''})`)
    }
    await admin.query('rollback to savepoint one')
  }
  await admin.query('rollback')
  const flags = await admin.query<{ name: string }>(
    `select indexrelid::regclass::text as name from pg_index where not (indisvalid and indisready)
     union all select c.relname from pg_class c where c.relchecks <> (select count(*) from pg_constraint where conrelid = c.oid and contype = 'c')`,
  )
  return [...broken, ...flags.rows.map(({ name }) => `${name} is not as it was`)]
}
