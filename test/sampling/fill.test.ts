import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openMajor } from '../replay/servers.ts'
import { fillSchema, violations } from './fill-laboratory.ts'
import { nastySchema, ordinarySchema, widestTable } from './nasty-schema.ts'

const rows = 2500

describe.each([14, 18] as const)('filling a nasty schema on Postgres %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(major)
    await server.ensureRoles(['app_owner'])
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('fills everything that can hold rows, and says what its rows break', async () => {
    const scripts = [
      major === 14
        ? nastySchema.replaceAll('numeric(3,5)', 'numeric(5,5)').replaceAll('numeric(2,-3)', 'numeric(5)')
        : nastySchema,
      widestTable,
    ]
    await using filled = await fillSchema(server, scripts, rows)
    const { report, admin } = filled
    expect(report.unfilled).toEqual([{ table: 'public.no_parts', why: 'it has no partitions' }])
    expect(report.bypassed).toEqual([
      { table: 'public.hopeless', constraint: 'hopeless_x_check' },
      { table: 'public.endless', constraint: 'endless_x_check' },
    ])
    const fewer = report.filled
      .filter((table) => table.rows !== rows)
      .map((table) => `${table.table} ${table.rows}`)
    // One row per value of an enum: its key has no more.
    expect(fewer).toEqual(['public.enum_pk 3'])
    expect(await violations(admin)).toEqual([expect.stringMatching(/^public.hopeless: hopeless_x_check /)])
  })
})

describe('filling tables with the CHECKs of applications', () => {
  it('makes no value wider than a page, whatever a snapshot claims', async () => {
    const column = { name: 'note', nullFraction: 0, distinct: -1, width: 1e18 }
    const tables = [{ schema: 'public', name: 'wide', rows: 50, columns: [column] }]
    const script = 'create table wide (id int primary key, note text, data bytea)'
    await using server = await openMajor(18)
    await using filled = await fillSchema(server, [script], tables)
    expect(await filled.one('select count(*)::int from wide where octet_length(note) < 9000')).toBe(50)
  })

  it('meets equations, order, pairs of conditions', async () => {
    await using server = await openMajor(18)
    await using filled = await fillSchema(server, [ordinarySchema], rows)
    expect(filled.report.unfilled).toEqual([])
    // Both columns of a pair are its key and cannot change; nothing tells that twice the number has to be small.
    expect(filled.report.bypassed).toEqual([
      { table: 'public.friend', constraint: 'friend_check' },
      { table: 'public.doubled', constraint: 'doubled_b_check' },
    ])
    expect(await violations(filled.admin)).toEqual([
      expect.stringMatching(/^public.friend: friend_check /),
      expect.stringMatching(/^public.doubled: doubled_b_check /),
    ])
    expect(await filled.one('select count(*)::int4 from setting')).toBe(1)
  })
})

describe('filling the schemas of the samples', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
    await server.ensureRoles(['app_owner', 'reporting'])
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it.each([
    ['fixtures/shop/db/migration', /^V0(0|1[0-4])/],
    ['fixtures/flyway-bookshop/src/main/resources/db/migration', /^V[1-3]_?_/],
    ['fixtures/golang-migrate-ledger/db/migrations', /^00000[1-3].*up/],
    ['fixtures/plain-sql-notes/migrations', /^00[1-3].*(?<!down).sql$/],
  ])('%s', async (folder, files) => {
    const names = readdirSync(folder)
      .filter((name) => files.test(name) && name.endsWith('.sql'))
      .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    const scripts = names.map((name) =>
      readFileSync(join(folder, name), 'utf8').replaceAll(/\$\{\w+\}/g, 'app_owner'),
    )
    await using filled = await fillSchema(server, scripts, rows)
    expect(filled.report.unfilled).toEqual([])
    expect(filled.report.bypassed).toEqual([])
    expect(filled.report.filled.length).toBeGreaterThan(1)
    expect(filled.report.filled.filter((table) => table.rows !== rows)).toEqual([])
    expect(await violations(filled.admin)).toEqual([])
  })
})
