import { folderOf, nameOf } from './paths.ts'

const databases: ReadonlyMap<string, string> = new Map(
  Object.entries({
    mysql: 'MySQL',
    mariadb: 'MariaDB',
    sqlite: 'SQLite',
    libsql: 'libSQL',
    mssql: 'SQL Server',
    sqlserver: 'SQL Server',
    clickhouse: 'ClickHouse',
    cockroach: 'CockroachDB',
    cockroachdb: 'CockroachDB',
    crdb: 'CockroachDB',
    cassandra: 'Cassandra',
    spanner: 'Spanner',
    duckdb: 'DuckDB',
    tidb: 'TiDB',
    h2: 'H2',
    hsqldb: 'HSQLDB',
    snowflake: 'Snowflake',
    bigquery: 'BigQuery',
  }),
)

const about = /^(?:(?:migrations?|schema|sql|db)[-_])?([a-z0-9]+?)\d*(?:[-_](?:migrations?|schema|sql|db))?$/i

/**
 * The database that a folder, or the one around it, is called after, when that is not Postgres: projects that run on
 * several keep `migrations/mysql` beside `migrations/postgres`.
 */
export function foreignDatabase(dir: string): string | undefined {
  const names = [nameOf(dir), nameOf(folderOf(dir))].map((name) => name.toLowerCase())
  for (const name of names) {
    const found = databases.get(name) ?? databases.get(about.exec(name)?.[1] ?? '')
    if (found !== undefined) return found
  }
  return undefined
}
