import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/core/errors.ts'
import { tableFacts } from '../../src/core/production.ts'
import { ageDays, loadProduction, type ProductionRequest } from '../../src/production/load.ts'
import { snapshot, table } from './snapshot-file.ts'

const now = new Date('2026-11-21T12:00:00Z')
let root: string

beforeEach(async () => {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'pgrehearse-production-')))
  root = path.join(folder, 'project')
  await mkdir(path.join(root, 'db'), { recursive: true })
})

afterEach(async () => {
  await rm(path.dirname(root), { recursive: true })
})

async function write(name: string, content: string | Uint8Array | object): Promise<void> {
  const isRaw = typeof content === 'string' || content instanceof Uint8Array
  await writeFile(path.join(root, name), isRaw ? content : JSON.stringify(content))
}

function load(config: ProductionRequest['config'], snapshotFile?: string) {
  return loadProduction({ root, config, now, ...(snapshotFile === undefined ? {} : { snapshotFile }) })
}

async function printed(config: ProductionRequest['config']): Promise<string> {
  const error: unknown = await load(config).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error })
  return [error.message, ...(error.hint === undefined ? [] : [`hint: ${error.hint}`])].join('\n')
}

describe('what is known of production', () => {
  it('is nothing without a file and tables', async () => {
    expect(await load({ production: { maxConnections: 5 }, tables: {} })).toEqual({
      production: undefined,
      limits: [],
    })
  })

  it('comes from the configuration', async () => {
    const { production, limits } = await load({
      tables: { users: { rows: 48, bytes: 8192 }, 'billing."Plans"': { rows: 3 } },
      production: { replicaApplyRate: 1000, maxConnections: 50 },
    })
    expect(limits).toEqual([])
    expect(production).toEqual({
      sources: [{ kind: 'configuration', name: 'configuration' }],
      tables: [
        { schema: 'public', name: 'users', rows: 48, heapBytes: 8192, from: 'configuration' },
        { schema: 'billing', name: 'Plans', rows: 3, from: 'configuration' },
      ],
      settings: { maxConnections: 50 },
      replication: { standbys: 1, slots: 0, applyBytesPerSecond: 1000 },
    })
  })

  it('comes from a snapshot, in which the configuration corrects sizes in proportion', async () => {
    const index = { name: 'i', method: 'btree', rows: 1, pages: 1, bytes: 8192 }
    await write(
      'db/production.json',
      snapshot({
        settings: { max_connections: 100, work_mem: 4_194_304 },
        tables: [
          table('users', { toastBytes: 81_920, indexes: [index] }),
          table('orders', { toastBytes: 81_920 }),
          table('plans'),
        ],
      }),
    )
    const { production } = await load({
      snapshot: 'db/production.json',
      tables: { users: { rows: 2000, bytes: 1_638_400 }, orders: { rows: 500 }, fresh: { rows: 1 } },
      production: { maxConnections: 500 },
    })
    expect(production?.sources).toEqual([
      { kind: 'snapshot', name: 'db/production.json', takenAt: '2026-11-01T00:00:00Z' },
      { kind: 'configuration', name: 'configuration' },
    ])
    expect(production?.settings).toEqual({ maxConnections: 500, workMemBytes: 4_194_304 })
    const of = (name: string) => tableFacts(production, { schema: 'public', name })
    expect(of('users')).toMatchObject({
      rows: 2000,
      heapBytes: 819_200,
      toastBytes: 819_200,
      indexes: [{ name: 'i', bytes: 16_384 }],
      from: 'configuration',
    })
    expect(of('orders')).toMatchObject({ rows: 500, heapBytes: 40_960, toastBytes: 40_960 })
    expect(of('plans')).toMatchObject({ rows: 1000, from: 'snapshot' })
    expect(of('fresh')).toEqual({ schema: 'public', name: 'fresh', rows: 1, from: 'configuration' })
    expect(production?.tables).toHaveLength(4)
  })

  it('comes from the file of the command line instead of that of the configuration', async () => {
    await write('../elsewhere.json', snapshot({ tables: [table('users')] }))
    const file = path.join(root, '../elsewhere.json')
    const { production } = await load({ snapshot: 'db/none.json' }, file)
    expect(production?.sources).toMatchObject([{ name: file }])
    expect(production?.tables).toHaveLength(1)
  })

  it('has an age, if clocks agree', async () => {
    expect(ageDays('2026-11-01T13:00:00Z', now)).toBe(19)
    expect(ageDays('2026-11-21T13:00:00+00:00', now)).toBe(0)
    expect(ageDays('2027-11-01T00:00:00Z', now)).toBeUndefined()
    expect(ageDays('yesterday', now)).toBeUndefined()
    await write('db/production.json', snapshot({ takenAt: '2027-11-01T00:00:00Z' }))
    expect((await load({ snapshot: 'db/production.json' })).limits).toMatchInlineSnapshot(`
      [
        {
          "code": "snapshot-age",
          "hint": "Look at the clocks of the machine that took it and of this one, or take it again.",
          "message": "The age of db/production.json is not known: it says that it was taken at 2027-11-01T00:00:00Z, which is in the future.",
        },
      ]
    `)
  })
})

describe('a file that cannot be used', () => {
  it('is missing', async () => {
    expect(await printed({ snapshot: 'db/none.json' })).toMatchInlineSnapshot(`
      "There is no file db/none.json.
      hint: Write one with \`pgrehearse snapshot\` or \`pg_dump --statistics-only\`, or take \`snapshot\` out of the configuration."
    `)
  })

  it('is outside of the project, also behind a symbolic link', async () => {
    await write('../secret.json', snapshot())
    await symlink('../../secret.json', path.join(root, 'db/link.json'))
    const outside = (name: string) =>
      `${name} is outside of the project.\nhint: Keep the file in the project, or give its absolute path.`
    expect(await printed({ snapshot: '../secret.json' })).toBe(outside('../secret.json'))
    expect(await printed({ snapshot: 'db/link.json' })).toBe(outside('db/link.json'))
    await symlink('production.json', path.join(root, 'db/inside.json'))
    await write('db/production.json', snapshot())
    // a review looks for changes of the file, not of the link
    expect((await load({ snapshot: 'db/inside.json' })).production?.sources).toMatchObject([
      { name: 'db/production.json' },
    ])
  })

  it('is none, or waits for a writer', async () => {
    expect(await printed({ snapshot: 'db' })).toContain('db is not a file.')
    execFileSync('mkfifo', [path.join(root, 'db/pipe')])
    expect(await printed({ snapshot: 'db/pipe' })).toContain('db/pipe is not a file.')
  })

  it('is too large', async () => {
    await write('db/large.json', '{')
    await truncate(path.join(root, 'db/large.json'), 200 * 1024 * 1024)
    expect(await printed({ snapshot: 'db/large.json' })).toMatchInlineSnapshot(`
      "db/large.json has 200 MB; at most 128 MB are read.
      hint: Leave tables out that no migration touches, or write the few large ones into \`tables\` of the configuration."
    `)
  })

  it('is no text, an archive, or something else', async () => {
    await write('db/latin1.json', new Uint8Array([0x7b, 0xff, 0x7d]))
    await write('db/archive.dump', 'PGDMP\u{1}')
    await write('db/other.sql', 'CREATE TABLE t ();')
    await write('db/list.json', '[]')
    const messages = []
    for (const name of ['latin1.json', 'archive.dump', 'other.sql', 'list.json']) {
      messages.push(await printed({ snapshot: `db/${name}` }))
    }
    expect(messages.join('\n')).toMatchInlineSnapshot(`
      "db/latin1.json is not UTF-8 text.
      hint: Write one with \`pgrehearse snapshot\` or \`pg_dump --statistics-only\`, or take \`snapshot\` out of the configuration.
      db/archive.dump is an archive of pg_dump, not text.
      hint: Write it with \`pg_dump --statistics-only --format=plain\`.
      db/other.sql holds neither a snapshot nor statistics.
      hint: Expected what \`pgrehearse snapshot\` writes, or \`pg_dump --statistics-only\` of version 18 or later.
      db/list.json holds neither a snapshot nor statistics.
      hint: Expected what \`pgrehearse snapshot\` writes, or \`pg_dump --statistics-only\` of version 18 or later."
    `)
  })

  it('is a broken snapshot', async () => {
    await write('db/half.json', '{ "format": ')
    await write('db/wrong.json', { ...snapshot(), tables: [{ name: 'users', password: 'secret' }] })
    expect(await printed({ snapshot: 'db/half.json' })).toContain('db/half.json is not JSON.')
    const message = await printed({ snapshot: 'db/wrong.json' })
    expect(message).toContain('db/wrong.json is not a valid snapshot.')
    expect(message).not.toContain('secret')
  })
})
