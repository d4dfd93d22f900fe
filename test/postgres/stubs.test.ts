/** Stand-ins for extensions, as migrations meet them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { standInExtensions, standInSqlstate } from '../../src/core/stand-in-extensions.ts'
import { installBroker } from '../../src/postgres/broker.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { createdStandIns, relationsOfStandIns } from '../../src/postgres/stubs.ts'
import { brokered } from '../../src/replay/broker.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'
import { majors, projectRoot, startServer } from './servers.ts'

const names = Object.keys(standInExtensions)

describe('the files of the stand-ins', () => {
  const folder = join(projectRoot, 'stubs', 'extension')
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8')

  it('are those that the configuration offers', () => {
    const files = names.flatMap((name) => [`${name}--stand-in.sql`, `${name}.control`])
    expect(readdirSync(folder).toSorted()).toEqual(files.toSorted())
  })

  it.each(names)('%s gives nobody the rights of the superuser who creates it', (name) => {
    const sql = text(`${name}--stand-in.sql`)
    expect(sql).not.toMatch(/security\s+definer/i)
    expect(sql).not.toMatch(/\blanguage\s+c\b/i)
    // a better match in the schema that a migration names would run as superuser
    const calls = sql.matchAll(/(?<![.\w])(format|unnest|split_part|string_agg|concat|set_config)\(/g)
    const run = [...calls].filter(({ index }) => !isInFunctionBody(sql, index))
    expect(run.map(([call]) => call)).toEqual([])
  })
})

/** Bodies in $body$ run when somebody calls the function, with a search path of their own. */
function isInFunctionBody(sql: string, at: number): boolean {
  return (sql.slice(0, at).match(/\$body\$|\$\$/g)?.length ?? 0) % 2 === 1
}

beforeAll(loadParser)

describe.each(majors)('stand-ins on Postgres %i', (major) => {
  let server: PostgresServer
  let database: string
  let admin: Client
  let migrator: Client

  beforeAll(async () => {
    server = await startServer(major, { stubs: names })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  beforeEach(async () => {
    database = await server.createDatabase()
    admin = await server.connectAdmin(database)
    await installBroker(admin, server.migrator)
    migrator = await server.connectMigrator(database)
  })
  afterEach(async () => {
    await migrator.end()
    await admin.end()
    await server.dropDatabase(database)
  })

  /** The last statement's rows, as arrays; statements run as the migrator, by the broker where they have to. */
  async function run(...statements: readonly string[]): Promise<readonly unknown[][]> {
    let rows: readonly unknown[][] = []
    for (const sql of statements) {
      const text = brokered(parseStatement(sql)) ?? sql
      rows = (await migrator.query<unknown[]>({ text, rowMode: 'array' })).rows
    }
    return rows
  }

  const vectors = [
    'create extension vector',
    'create table items (id bigint primary key, v vector(3), h halfvec(2), s sparsevec(9), all_of vector[])',
    "insert into items values (1, '[1,2,3]', '[1,2]', '{1:1}/9', array['[1,2,3]'::vector])",
  ]

  const typesSql = `select attname::text, format_type(atttypid, atttypmod) from pg_attribute
    where attrelid = 'items'::regclass and attnum > 1 order by attnum`

  it('vector: types with their modifiers, arithmetic, casts', async () => {
    await run(...vectors)
    expect(await run(typesSql)).toEqual([
      ['v', 'vector(3)'],
      ['h', 'halfvec(2)'],
      ['s', 'sparsevec(9)'],
      ['all_of', 'vector[]'],
    ])
    const sums = `select v <-> '[1,2,5]', v <#> '[1,1,1]', v <=> v, v <+> '[2,2,2]', v + v, vector_dims(v),
      array[1,2]::real[]::vector, v::real[], avg(v) over () from items`
    expect(await run(sums)).toEqual([[2, -6, 0, 2, '[2,4,6]', 3, '[1,2]', [1, 2, 3], '[1,2,3]']])
    await expect(run('insert into items (id, v) values (2, array[1,2]::vector(3))')).rejects.toThrow(
      'expected 3 dimensions, not 2',
    )
  })

  it('vector: another number of dimensions rewrites the table, and indexes are built', async () => {
    await run(...vectors)
    const file = "select pg_relation_filenode('items')"
    const before = await run('update items set v = null', file)
    expect(await run('alter table items alter v type vector(4)', file)).not.toEqual(before)
    await run(
      'create index on items using hnsw (v vector_cosine_ops)',
      'create index on items using ivfflat (v)',
      'create index concurrently on items using hnsw ((v::halfvec(4)) halfvec_l2_ops)',
    )
    await expect(run('create index on items using hnsw (v vector_l2_ops) with (m = 16)')).rejects.toThrow(
      'unrecognized parameter',
    )
  })

  it('postgis: modifiers, what texts tell, indexes; the rest raises an error of its own', async () => {
    await run(
      'create extension postgis',
      `create table items (id bigint primary key, p geometry(Point, 4326) check (st_srid(p) = 4326), m geometry(multipolygonz),
         g geography(point), other geometry(Point, 99999))`,
      'insert into items (id, p) values (1, st_setsrid(st_makepoint(1, 2), 4326))',
      'create index on items using gist (p)',
      'create index on items using gist (g)',
      'create index on items using brin (p)',
    )
    expect(await run(typesSql)).toEqual([
      ['p', 'geometry(Point,4326)'],
      ['m', 'geometry(MultiPolygonZ)'],
      ['g', 'geography(Point)'],
      ['other', 'geometry(Point)'],
    ])
    const told = 'select st_x(p), st_y(p), geometrytype(p), st_astext(p), p::geography::text from items'
    expect(await run(told)).toEqual([[1, 2, 'POINT', 'POINT(1 2)', 'SRID=4326;POINT(1 2)']])
    await expect(run('select st_area(p) from items')).rejects.toMatchObject({ code: standInSqlstate })
    await expect(run('create table wrong (g geometry(Poit))')).rejects.toThrow('poit')
    expect(await run('show allow_system_table_mods')).toEqual([['off']])
  })

  it('pg_cron and http: jobs are written down, and nothing is sent', async () => {
    await run('create extension pg_cron', 'create extension http')
    await run(
      "select cron.schedule('nightly', '0 0 * * *', 'vacuum')",
      "select cron.schedule('nightly', '@daily', 'vacuum')",
    )
    expect(await run('select jobname, schedule from cron.job')).toEqual([['nightly', '@daily']])
    expect(await run("select cron.unschedule('nightly')", 'select count(*)::int from cron.job')).toEqual([
      [0],
    ])
    await run(
      'grant usage on schema cron to pg_monitor',
      'grant all on all tables in schema cron to pg_monitor',
    )
    await expect(run("select http_get('http://localhost')")).rejects.toMatchObject({ code: standInSqlstate })
  })

  it('tells what uses them, and goes without a trace', async () => {
    await run(...vectors, 'create extension pg_cron', 'create view seen as select v from items')
    await run('create domain embedding as vector(3)', 'create table with_domain (e embedding)')
    expect(await createdStandIns(admin)).toEqual(['pg_cron', 'vector'])
    const named = (await relationsOfStandIns(admin)).filter(({ isNamed }) => isNamed)
    expect(named.map(({ extension, schema, name }) => `${extension} ${schema}.${name}`)).toEqual([
      'vector public.items',
      'vector public.seen',
      'vector public.with_domain',
    ])
    await run('create schema elsewhere', 'alter extension vector set schema elsewhere')
    expect(await run('select v operator(elsewhere.<->) v from items')).toEqual([[0]])
    await run('drop extension vector cascade', 'drop extension pg_cron')
    expect(await relationsOfStandIns(admin)).toEqual([])
  })

  it('runs no function that a migration has put in its way', async () => {
    await run(
      'create table caught (by text)',
      `create function public.format(text, text) returns text language plpgsql as
         'begin insert into caught values (current_user); return pg_catalog.format($1, $2); end'`,
      `create function public.format(text, text, text) returns text language plpgsql as
         'begin insert into caught values (current_user); return pg_catalog.format($1, $2, $3); end'`,
      `create function public.unnest(text[]) returns setof text language plpgsql as
         'begin insert into caught values (current_user); return query select pg_catalog.unnest($1); end'`,
      `create function public.lower(text) returns text language plpgsql as
         'begin insert into caught values (current_user); return pg_catalog.lower($1); end'`,
      ...names.map((name) => `create extension ${name}`),
    )
    expect(await run('select * from caught')).toEqual([])
  })
})
