import type { MigrationSource } from '../core/source.ts'
import { atlas } from './atlas.ts'
import { dbmate } from './dbmate.ts'
import { flyway } from './flyway.ts'
import { golangMigrate } from './golang-migrate.ts'
import { goose } from './goose.ts'
import { diesel } from './diesel.ts'
import { drizzle } from './drizzle.ts'
import { graphileMigrate } from './graphile-migrate.ts'
import { nodePgMigrate } from './node-pg-migrate.ts'
import { prisma } from './prisma.ts'
import { supabase } from './supabase.ts'
import { refinery } from './refinery.ts'
import { sqitch } from './sqitch.ts'
import { pop } from './pop.ts'
import { rambler } from './rambler.ts'
import { sqlMigrate } from './sql-migrate.ts'
import { sqlx } from './sqlx.ts'
import { liquibase } from './liquibase.ts'
import { plainSql } from './plain-sql.ts'
import { withDump } from './schema-dump.ts'

/** Every migration tool we know, most particular first: plain-sql takes what no other tool owns. */
export const sources: readonly MigrationSource[] = [
  supabase,
  prisma,
  drizzle,
  nodePgMigrate,
  graphileMigrate,
  diesel,
  refinery,
  sqitch,
  sqlx,
  atlas,
  goose,
  dbmate,
  sqlMigrate,
  rambler,
  pop,
  liquibase,
  flyway,
  golangMigrate,
  plainSql,
].map(withDump)

/** The source with this id, e.g. for a configuration's `source: 'flyway'`. */
export function findSource(id: string): MigrationSource | undefined {
  return sources.find((source) => source.id === id)
}
