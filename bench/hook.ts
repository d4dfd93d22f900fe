/** A commit of one new migration in the sample shop: without a hook, and with each hook of docs/hooks.md. */
import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { median, timeMs } from './measure.ts'
import { buildOnce, command, execute, root, runNode, temporaryFolder } from './processes.ts'

const rounds = 7
const migrations = 'db/migration'
const lastOfHistory = 'V016'

await buildOnce()
await using folder = await temporaryFolder()
const cwd = folder.dir
await makeShop()

const check = `'${process.execPath}' '${command}' check --staged --budget`
const hooks: readonly {
  readonly name: string
  readonly hook?: string
  readonly before?: () => Promise<void>
}[] = [
  { name: 'git commit, no hook' },
  { name: 'a hook that starts Node only', hook: `'${process.execPath}' -e 0` },
  { name: 'lint --staged', hook: `'${process.execPath}' '${command}' lint --staged` },
  { name: 'check --staged --budget 3s, cold cache', hook: `${check} 3s`, before: forgetCache },
  { name: 'check --staged --budget 1min, warm cache', hook: `${check} 1min`, before: warmCache },
]

const times = new Map(hooks.map(({ name }) => [name, [] as number[]]))
// in turns, so that a slow moment of the machine meets all of them; the first round does not count
for (let round = 0; round <= rounds; round++) {
  for (const { name, hook, before } of hooks) {
    await installHook(hook)
    await before?.()
    const ms = await timeMs(() => git('commit', '--quiet', '--message', 'one new migration'))
    await git('reset', '--quiet', '--soft', 'HEAD~1')
    if (round > 0) times.get(name)?.push(ms)
  }
}

const [bare = []] = times.values()
const width = Math.max(...hooks.map(({ name }) => name.length))
console.log(`a commit of one new migration, 16 in the history (median of ${rounds} rounds)`)
for (const [name, measured] of times) {
  const ratio = median(measured.map((ms, round) => ms / (bare[round] ?? Number.NaN)))
  console.log(`  ${name.padEnd(width)}  ${median(measured).toFixed(0).padStart(6)} ms  × ${ratio.toFixed(1)}`)
}

async function makeShop(): Promise<void> {
  const source = path.join(root, 'fixtures/shop', migrations)
  await mkdir(path.join(cwd, migrations), { recursive: true })
  for (const file of await readdir(source))
    if (file.slice(0, lastOfHistory.length) <= lastOfHistory)
      await cp(path.join(source, file), path.join(cwd, migrations, file))
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'production')
  await git('switch', '--quiet', '--create', 'feature')
  const sql = 'ALTER TABLE products ADD COLUMN note text;\n'
  await writeFile(path.join(cwd, migrations, 'V017__note.sql'), sql)
  await git('add', '--all')
}

async function installHook(hook: string | undefined): Promise<void> {
  const file = path.join(cwd, '.git/hooks/pre-commit')
  await rm(file, { force: true })
  if (hook === undefined) return
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `#!/bin/sh\nexec ${hook}\n`)
  await chmod(file, 0o755)
}

function forgetCache(): Promise<void> {
  return rm(path.join(cwd, '.git/pgrehearse'), { recursive: true, force: true })
}

function warmCache(): Promise<void> {
  return runNode([command, 'check', '--cache'], { cwd })
}

function git(...args: readonly string[]): Promise<void> {
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com']
  return execute('git', [...identity, ...args], { cwd })
}
