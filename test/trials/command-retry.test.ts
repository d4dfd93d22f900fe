/** Failures in the middle of what a command does, made on the wire, with the command run again. */
import { expect, test } from 'vitest'
import { branchWith, checked } from '../replay/checked.ts'

/** As Knex: a row that says that somebody migrates, given back at the end and behind an error. */
const tool = `
import { createRequire } from 'node:module'
import { readdirSync } from 'node:fs'
const { Client } = createRequire(${JSON.stringify(import.meta.filename)})('pg')
const client = new Client({ connectionString: process.env.DATABASE_URL })
client.on('error', () => {})
await client.connect()
await client.query('create table if not exists knex_migrations_lock (is_locked int)')
await client.query('create table if not exists knex_migrations (name text)')
const lock = (is) => client.query('update knex_migrations_lock set is_locked = ' + is)
if ((await client.query('select from knex_migrations_lock')).rowCount === 0)
  await client.query('insert into knex_migrations_lock values (0)')
else if ((await client.query('select from knex_migrations_lock where is_locked = 1')).rowCount === 1) {
  console.error('Migration table is already locked')
  process.exit(1)
}
await lock(1)
try {
  const done = (await client.query('select name from knex_migrations')).rows.map(({ name }) => name)
  for (const name of readdirSync('migrations').toSorted()) {
    if (done.includes(name)) continue
    await (await import(process.cwd() + '/migrations/' + name)).up((...query) => client.query(...query))
    await client.query("insert into knex_migrations values ('" + name + "')")
  }
} catch ({ message }) {
  console.error(message)
  process.exitCode = 1
}
await lock(0).catch(() => {})
await client.end()
`

const up = (...statements: readonly string[]): string =>
  `export const up = async (query) => {\n${statements.join('\n')}\n}\n`

const files = {
  'migrate.mjs': tool,
  'migrations/1_base.mjs': up("await query('create table logs (id bigserial, what text)')"),
}

test('resumes, repeats, stops or goes on, as the command itself does', async () => {
  const write = "await query({ name: 'log', text: 'insert into logs (what) values ($1)', values: ['x'] })"
  const workspace = await branchWith(files, {
    // the second of two runs of one prepared statement fails, and then the index
    'migrations/2_logs.mjs': up(
      write,
      write,
      "await query('create index concurrently logs_what on logs (what)')",
    ),
    'migrations/3_note.mjs': up(
      "await query('alter table logs add column if not exists note text')",
      "await query('alter table logs add column kind text').catch(() => {})",
    ),
  })
  const migrations = [{ migrate: 'node migrate.mjs', dir: 'migrations' }]
  const { report } = await checked(workspace, { config: { migrations }, prove: false, retry: true })
  const trials = report.trials?.filter(({ kind }) => kind === 'retry') ?? []
  expect(trials.map(({ about, outcome, says }) => [about, outcome, says])).toEqual([
    [
      'migrations/2_logs.mjs',
      'finding',
      'After a failure behind statement 1 of 3 the next run says nothing and ends otherwise, for it repeats statement 1.',
    ],
    [
      'migrations/3_note.mjs',
      'finding',
      'After a failure behind statement 1 of 2 the command ends with exit status 0 all the same, and leaves something else.',
    ],
  ])
  expect(trials[0]?.lines).toEqual([
    'behind statement 1 of 3 (INSERT): the next run ends otherwise',
    '  5 rows instead of 4 in public.logs',
    'behind statement 2 of 3 (INSERT): the next run ends otherwise',
    '  6 rows instead of 4 in public.logs',
    'in statement 3 of 3 (CREATE INDEX CONCURRENTLY): the next run stops at statement 3: relation "logs_what" already exists',
    'behind statement 1 of 3 (INSERT), its session killed: the next run ends with exit status 1, over a lock that the run before has left (what it printed is in the log of the job)',
    'the next run is the same command once more',
  ])
  const found = report.findings.filter(({ ruleId }) => ruleId === 'unsafe-retry')
  expect(
    found.map(({ severity, span, message }) => [severity, `${span.file}:${span.start.line}`, message]),
  ).toEqual([
    [
      'warning',
      'migrations/2_logs.mjs:2',
      'When statement 2 of 3 fails, the next run repeats this statement and says nothing, and ends otherwise: 5 rows instead of 4 in public.logs.',
    ],
    [
      'warning',
      'migrations/3_note.mjs:3',
      'When statement 2 of 2 fails, the command ends with exit status 0 all the same, and leaves something else: - column public.logs.kind text.',
    ],
  ])
  expect(report.notChecked.filter(({ code }) => code === 'not-tried')).toEqual([])
})
