/** A repository with 1000 migrations: `check` of one more, cold and warm, against one psql session that applies them. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { Client } from 'pg'
import { bareServer } from './bare-server.ts'
import { generateHistory, scriptOf, type GeneratedMigration } from './generate.ts'
import { compare, timeMs } from './measure.ts'
import { buildOnce, command, execute, runNode, temporaryFolder } from './processes.ts'

const count = Number(process.argv[2] ?? 1000)
const history = generateHistory({ migrations: count, statementsPerMigration: 4 })
const fresh = { file: '9999_wishes.sql', text: 'ALTER TABLE tickets_wishes ADD COLUMN wish text;\n' }
const first = { file: '0000_wishes.sql', text: 'CREATE TABLE tickets_wishes (id bigint PRIMARY KEY);\n' }

await buildOnce()
await using folder = await temporaryFolder()
await using small = await temporaryFolder()
await using server = await bareServer()
const files = await repository(folder.dir, history)
await repository(small.dir, [])
const psql = await hasPsql()
let rounds = 0

const ofPsql = {
  name: psql ? 'one psql session' : 'one pg client, a query per file',
  round: () => applied(),
}
await compare({
  title: `${count} migrations, ${count * 4} statements, and one under review, without a cache`,
  baseline: ofPsql,
  ours: { name: 'pgrehearse check', round: () => checkMs(folder.dir) },
  rounds: 5,
  aim: 3,
})
await compare({
  title: 'the same with a cold cache, which is written',
  baseline: ofPsql,
  ours: {
    name: 'pgrehearse check --cache-dir',
    round: async () => {
      await rm(path.join(folder.dir, '.cache'), { recursive: true, force: true })
      return checkMs(folder.dir, '--cache-dir', '.cache')
    },
  },
  rounds: 3,
  aim: 3,
})
await compare({
  title: 'with a warm cache, against a repository of one migration with a warm cache (aim: within a second)',
  baseline: { name: 'one migration', round: () => checkMs(small.dir, '--cache-dir', '.cache') },
  ours: { name: `${count} migrations`, round: () => checkMs(folder.dir, '--cache-dir', '.cache') },
  rounds: 5,
  aim: 2,
})

function checkMs(cwd: string, ...options: readonly string[]): Promise<number> {
  return timeMs(() => runNode([command, 'check', ...options], { cwd }))
}

/** With the migrations on its branch, and the fresh one not committed. The paths of all but that, in order. */
async function repository(
  cwd: string,
  migrations: readonly GeneratedMigration[],
): Promise<readonly string[]> {
  const all = [
    first,
    ...migrations.map((migration) => ({ file: migration.file, text: scriptOf(migration) })),
  ].map(({ file, text }) => ({ file: path.join(cwd, 'migrations', file), text }))
  await mkdir(path.join(cwd, 'migrations'))
  await Promise.all(all.map(({ file, text }) => writeFile(file, text)))
  const author = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com']
  await execute('git', ['init', '--quiet'], { cwd })
  await execute('git', ['add', '--all'], { cwd })
  await execute('git', [...author, 'commit', '--quiet', '-m', 'history'], { cwd })
  await writeFile(path.join(cwd, 'migrations', fresh.file), fresh.text)
  return all.map(({ file }) => file)
}

/** Into a database of its own; making that is not counted. */
async function applied(): Promise<number> {
  const database = `round_${(rounds += 1)}`
  const where = { host: server.socketDir, user: 'bench' }
  const admin = new Client({ ...where, database: 'postgres' })
  await admin.connect()
  await admin.query(`create database ${database}`)
  await admin.end()
  return timeMs(() => (psql ? throughPsql(database) : throughClient({ ...where, database })))
}

function throughPsql(database: string): Promise<void> {
  const scripts = files.flatMap((file) => ['-f', file])
  const options = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', server.socketDir, '-U', 'bench', '-d', database]
  return execute('psql', [...options, ...scripts])
}

async function throughClient(where: { host: string; user: string; database: string }): Promise<void> {
  const client = new Client(where)
  await client.connect()
  for (const { statements } of [{ statements: [first.text] }, ...history]) {
    for (const statement of statements) await client.query(statement)
  }
  await client.end()
}

async function hasPsql(): Promise<boolean> {
  return execute('psql', ['--version']).then(
    () => true,
    () => false,
  )
}
