/** The tables in which migration tools keep their books, so that what they write there is not judged. */

/**
 * Names in lower case, without schema, as the tools' own documentation has them: Rails, Ecto, dbmate, golang-migrate and
 * Sequel (schema_migrations), Django, Alembic, Knex, Sequelize, TypeORM, node-pg-migrate, Prisma, Flyway, Liquibase,
 * Entity Framework, goose, diesel, sqlx, Drizzle, gorp, Phinx, Doctrine, MikroORM, Kysely, bun, go-pg, Atlas, refinery,
 * yoyo, Play, Ragtime, Postgrator, Sqitch.
 */
const names: ReadonlySet<string> = new Set([
  'schema_migrations',
  'schema_info',
  'ar_internal_metadata',
  'django_migrations',
  'alembic_version',
  'knex_migrations',
  'knex_migrations_lock',
  'sequelizemeta',
  'migrations',
  'typeorm_metadata',
  'pgmigrations',
  '_prisma_migrations',
  'flyway_schema_history',
  'databasechangelog',
  'databasechangeloglock',
  '__efmigrationshistory',
  'goose_db_version',
  '__diesel_schema_migrations',
  '_sqlx_migrations',
  '__drizzle_migrations',
  'gorp_migrations',
  'phinxlog',
  'doctrine_migration_versions',
  'migration_versions',
  'mikro_orm_migrations',
  'kysely_migration',
  'kysely_migration_lock',
  'bun_migrations',
  'bun_migration_locks',
  'gopg_migrations',
  'atlas_schema_revisions',
  'refinery_schema_history',
  '_yoyo_migration',
  '_yoyo_log',
  '_yoyo_version',
  'yoyo_lock',
  'yoyo_migrations',
  'play_evolutions',
  'play_evolutions_lock',
  'ragtime_migrations',
  'schemaversion',
  'schema_version',
  'schema_versions',
])

/** Tables of Django's own that it fills after every migration, from the models. */
const filledBehind: ReadonlySet<string> = new Set(['django_content_type', 'auth_permission'])

/** Schemas that hold nothing but a tool's books. */
const schemas: ReadonlySet<string> = new Set([
  'drizzle',
  'sqitch',
  'graphile_migrate',
  'atlas_schema_revisions',
])

export interface NamedTable {
  readonly schema?: string | undefined
  readonly name: string
}

/** Is it a table in which a migration tool writes down what it has run? */
export function isVersionTable({ schema, name }: NamedTable): boolean {
  if (schema !== undefined && schemas.has(schema.toLowerCase())) return true
  const lower = name.toLowerCase()
  // programs of several parts have one for each: Airflow's `alembic_version_fab`
  return names.has(lower) || /^(?:alembic_version|yoyo_tmp)_/.test(lower) || ofItsOwnName.test(lower)
}

/**
 * Most tools let a program name their table, and many have their own: directus_migrations, strapi_migrations,
 * payload_migrations, river_migration, data_migrations. An application may have such a table for what it does itself.
 */
const ofItsOwnName = /(?:^|_)migrations?(?:_(?:history|log|lock|meta|internal))?$/

/** Does the name alone not say that it is a tool's? Then its columns must: see {@link areVersionColumns}. */
export function mayBeTheApplications({ schema, name }: NamedTable): boolean {
  if (schema !== undefined && schemas.has(schema.toLowerCase())) return false
  const lower = name.toLowerCase()
  return lower === 'migrations' || (!names.has(lower) && ofItsOwnName.test(lower))
}

/** Are these columns, some or all of a table's, such as tools have, and does one say which migration it was? */
export function areVersionColumns(columns: readonly string[]): boolean {
  const lower = columns.map((column) => column.toLowerCase())
  return lower.every((one) => naming.has(one) || besides.has(one)) && lower.some((one) => naming.has(one))
}

const naming: ReadonlySet<string> = new Set([
  'name',
  'migration',
  'migration_id',
  'migration_name',
  'version',
  'version_id',
  'filename',
  'file_name',
  'script',
  'title',
  'hash',
  'checksum',
  'timestamp',
])

const besides: ReadonlySet<string> = new Set([
  'id',
  'index',
  'is_locked',
  'batch',
  'group',
  'currentversion',
  'line',
  'type',
  'description',
  'success',
  'dirty',
  'breaking',
  'ts',
  'time',
  'tstamp',
  'duration',
  'execution_time',
  'applied',
  'is_applied',
  'run_on',
  'run_at',
  'migration_time',
  'migrated_at',
  'created_at',
  'updated_at',
  'executed_at',
  'applied_at',
  'started_at',
  'finished_at',
  'installed_on',
])

/** Does a tool fill it by itself, from what the migrations have made? */
export function isFilledByTool({ name }: NamedTable): boolean {
  return filledBehind.has(name.toLowerCase())
}

/** Is it a schema that a tool makes for its books? */
export function isVersionSchema(name: string): boolean {
  return schemas.has(name.toLowerCase())
}
