/** A run with a warm cache and one new migration against bare initdb, start, and applying that file. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { generateHistory, scriptOf } from './generate.ts'
import { bareServerApplies } from './bare-server.ts'
import { compare, timeMs } from './measure.ts'
import { buildOnce, command, execute, runNode, temporaryFolder } from './processes.ts'

const history = generateHistory({ migrations: 100, statementsPerMigration: 10 })
const fresh = {
  file: '0101_wishes.sql',
  statements: generateHistory({ migrations: 1, statementsPerMigration: 10 })[0]?.statements ?? [],
}

await buildOnce()
await using folder = await temporaryFolder()
const cwd = folder.dir
await mkdir(path.join(cwd, 'migrations'))
for (const migration of history) await write(migration)
await git('init', '--quiet')
await git('add', '--all')
await git('-c', 'user.name=bench', '-c', 'user.email=bench@example.com', 'commit', '--quiet', '-m', 'history')
const sql = `CREATE SCHEMA wishes;\nSET search_path = wishes;\n${scriptOf(fresh)}`
await writeFile(path.join(cwd, 'migrations', fresh.file), sql)

await compare({
  title: 'a warm cache of 100 migrations (1000 statements) and one new migration of 12 statements',
  baseline: { name: 'initdb, start, apply the new file, stop', round: () => bareServerApplies(sql) },
  ours: {
    name: 'pgrehearse check --cache-dir',
    round: () => timeMs(() => runNode([command, 'check', '--cache-dir', '.pgrehearse/cache'], { cwd })),
  },
  rounds: 9,
  aim: 3,
})

async function write(migration: (typeof history)[number]): Promise<void> {
  await writeFile(path.join(cwd, 'migrations', migration.file), scriptOf(migration))
}

async function git(...args: readonly string[]): Promise<void> {
  await execute('git', args, { cwd })
}
