/** `pgrehearse lint` of 8,000 files in one run against squawk, a native linter, on the same files. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { generateHistory, scriptOf } from './generate.ts'
import { compare, timeMs } from './measure.ts'
import { buildOnce, command, execute, root, runNode, temporaryFolder } from './processes.ts'

const statementsPerMigration = 4
const history = generateHistory({ migrations: 8000, statementsPerMigration })

await buildOnce()
await using folder = await temporaryFolder()
const cwd = folder.dir
await mkdir(path.join(cwd, 'migrations'))
for (const migration of history) {
  await writeFile(path.join(cwd, 'migrations', migration.file), scriptOf(migration))
}
await compare({
  title: `lint of ${history.length} files with ${statementsPerMigration} statements each`,
  baseline: {
    name: 'squawk migrations/*.sql',
    round: () =>
      timeMs(() => execute(path.join(root, 'node_modules/.bin/squawk'), ['migrations/*.sql'], { cwd })),
  },
  ours: {
    name: 'pgrehearse lint --all',
    round: () => timeMs(() => runNode([command, 'lint', '--all'], { cwd })),
  },
  rounds: 5,
  aim: 1,
})
