import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { diffSchema, fingerprint, readSchema, type SchemaSnapshot } from '../../src/replay/fingerprint.ts'
import { schemaDifferenceLines } from '../../src/replay/schema-diff-text.ts'
import { changes, detours, sampleSchema } from './schema-sample.ts'
import { majors, openMajor } from './servers.ts'

describe.each(majors)('the logical fingerprint on Postgres %i', (major) => {
  let server: PostgresServer
  let client: Client
  let before: SchemaSnapshot

  beforeAll(async () => {
    server = await openMajor(major)
    client = await server.connectAdmin(await server.createDatabase())
    await client.query('create role app_reader; set search_path = app, public')
    await client.query(sampleSchema)
    before = await readSchema(client)
  })

  afterAll(async () => {
    await client.end()
    await server[Symbol.asyncDispose]()
  })

  /** The schema as it is after `sql`, which is rolled back. */
  async function after(sql: string): Promise<SchemaSnapshot> {
    await client.query('begin')
    try {
      await client.query(sql)
      return await readSchema(client)
    } finally {
      await client.query('rollback')
    }
  }

  it('is the same for the same schema read twice, in whatever order the objects come', async () => {
    const again = await readSchema(client)
    expect(fingerprint(again)).toBe(fingerprint(before))
    expect(diffSchema(before, again)).toEqual({ equal: true, changes: [] })
  })

  it('is the same in a copy of the database', async () => {
    const { rows } = await client.query<{ name: string }>('select current_database() as name')
    await client.end()
    const original = rows[0]?.name ?? ''
    const copy = await server.createDatabase({ template: original })
    const other = await server.connectAdmin(copy)
    expect(schemaDifferenceLines(diffSchema(before, await readSchema(other)))).toEqual([])
    await other.end()
    client = await server.connectAdmin(original)
    await client.query('set search_path = app, public')
  })

  it.each(detours)('is the same after $title', async ({ sql }) => {
    const detoured = await after(sql)
    expect(schemaDifferenceLines(diffSchema(before, detoured))).toEqual([])
    expect(fingerprint(detoured)).toBe(fingerprint(before))
  })

  it.each([1, 2, 3])(
    'does not depend on the order in which columns and objects came (shuffle %i)',
    async (seed) => {
      const drop = 'drop schema shuffled cascade;'
      const sorted = await after(`create schema shuffled; ${shuffledSchema(() => 0)}`)
      const next = randomNumbers(seed)
      const shuffled = await after(
        `create schema shuffled; ${shuffledSchema(next)}; ${drop} create schema shuffled; ${shuffledSchema(next)}`,
      )
      expect(schemaDifferenceLines(diffSchema(sorted, shuffled))).toEqual([])
      expect(fingerprint(shuffled)).toBe(fingerprint(sorted))
      expect(fingerprint(shuffled)).not.toBe(fingerprint(before))
    },
  )

  it.each(changes.filter(({ from = 14 }) => major >= from))(
    'names the difference after: $sql',
    async (change) => {
      const changed = await after(change.sql)
      const me =
        (await client.query<{ me: string }>('select quote_ident(current_user) as me')).rows[0]?.me ?? ''
      const difference = diffSchema(before, changed)
      expect(schemaDifferenceLines(difference)).toContain(change.line.replace('MIGRATOR', me))
      expect(fingerprint(changed)).not.toBe(fingerprint(before))
      expect(schemaDifferenceLines(diffSchema(changed, before))).toHaveLength(
        schemaDifferenceLines(difference).length,
      )
    },
  )

  it('leaves search_path as it was, outside and inside a transaction', async () => {
    const path = async (): Promise<unknown> => (await client.query('show search_path')).rows[0]
    expect(await path()).toEqual({ search_path: 'app, public' })
    await client.query('begin; set search_path = app; set local search_path = public')
    await readSchema(client)
    expect(await path()).toEqual({ search_path: 'public' })
    await client.query('commit')
    expect(await path()).toEqual({ search_path: 'app' })
    await client.query('set search_path = app, public')
  })

  it('keeps hostile names on one line and secrets out', async () => {
    const changed = await after('create table app."two\nlines" (id int)')
    expect(schemaDifferenceLines(diffSchema(before, changed))).toContain('+ table app."two lines"')
    expect(JSON.stringify(before)).not.toContain('secret')
  })
})

/** Tables, constraints, indexes, views, comments and grants, each kind in the order that `random` deals. */
function shuffledSchema(random: () => number): string {
  const shuffle = (items: readonly string[]): readonly string[] =>
    items
      .map((item) => ({ item, rank: random() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item)
  const tables = ['a', 'b', 'c', 'd'].map((name) => `shuffled.${name}`)
  const columns = ['id bigint not null', 'name text default $$x$$', 'a_id bigint', 'mood app.mood', 'at date']
  return [
    ...shuffle(tables).map((table) => `create table ${table} (${shuffle(columns).join(', ')})`),
    ...tables.map((table) => `alter table ${table} add primary key (id)`),
    ...shuffle(
      tables.flatMap((table) => [
        `alter table ${table} add constraint fk foreign key (a_id) references shuffled.a (id)`,
        `create index on ${table} (name, at)`,
        `create view ${table}_view as select id, name from ${table}`,
        `create statistics ${table}_stats on name, at, mood from ${table}`,
        `comment on column ${table}.at is 'when'`,
        `grant select (name), insert on ${table} to app_reader`,
        `create trigger touch before insert on ${table} for each row execute function app.touch()`,
      ]),
    ),
  ].join('; ')
}

/** A small linear congruential generator: the same shuffles on every run. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}
