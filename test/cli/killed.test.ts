/** kill -9 of what takes part in a run: a clear end, and nothing left behind. */
import { execFileSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { readProcess } from '../../src/postgres/process-table.ts'
import { ended, folderWith, start, type RunResult } from './run.ts'
import { privateTemp } from './traces.ts'

const temp = privateTemp()
// The watchdog runs as the server's user and deletes a folder in here.
beforeAll(() => chmod(temp.dir, 0o1777))

/** A client that leaves its process id, has started a daemon, and is in the middle of this. */
const client = (work: string): string => `
import { createRequire } from 'node:module'
import { spawn } from 'node:child_process'
const daemon = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env: {} })
const { Client } = createRequire(${JSON.stringify(import.meta.filename)})('pg')
const client = new Client({ connectionString: process.env.DATABASE_URL })
client.on('error', () => {})
await client.connect()
await client.query('create table a (id int)')
const { rows } = await client.query('select pid from pg_stat_activity where pid = pg_backend_pid()')
const busy = (async () => { ${work} })()
setTimeout(() => console.log('client', process.pid, 'backend', rows[0].pid, 'daemon', daemon.pid), 200)
await busy
`

const inStatement = "await client.query('select pg_sleep(600)')"
const inTransaction =
  "await client.query('begin'); await client.query('create index on a (id)'); await new Promise((resolve) => setTimeout(resolve, 600_000))"

interface Busy {
  readonly child: ChildProcess
  readonly result: Promise<RunResult>
  readonly client: number
  readonly backend: number
  readonly daemon: number
}

async function busy(work: string): Promise<Busy> {
  const cwd = await folderWith({ 'migrate.mjs': client(work) })
  const child = start(['run', '--', 'node', 'migrate.mjs'], { cwd, env: { TMPDIR: temp.dir } })
  let said = ''
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
  const result = ended(child)
  for (;;) {
    const found = /client (\d+) backend (\d+) daemon (\d+)/.exec(said)
    if (found !== null) {
      const [pid = 0, backend = 0, daemon = 0] = found.slice(1).map(Number)
      return { child, result, client: pid, backend, daemon }
    }
    if (child.exitCode !== null) throw new Error(`It ended before anything could be killed:\n${said}`)
    await sleep(50)
  }
}

/** What has ended stays in the table until its parent has asked how: that of a daemon is the machine's init. */
function isRunning(processId: number): boolean {
  return readProcess(processId)?.hasEnded === false
}

function parentOf(processId: number): number {
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(processId)], { encoding: 'utf8' }))
}

describe('kill -9 while a command migrates', () => {
  it.each([
    ['in a statement', inStatement],
    ['in a transaction', inTransaction],
  ])('of the command, %s, is never passed', async (_, work) => {
    const one = await busy(work)
    process.kill(one.client, 'SIGKILL')
    const { exitCode, stderr } = await one.result
    expect(stderr).toContain('was ended by SIGKILL, though no statement failed for it')
    expect(exitCode).toBe(2)
    expect(isRunning(one.daemon)).toBe(false)
    expect(await temp.left()).toEqual([])
  })

  it('of the server says that it went away', async () => {
    const one = await busy(inStatement)
    process.kill(parentOf(one.backend), 'SIGKILL')
    const { exitCode, stderr } = await one.result
    expect(stderr).toMatch(/server went away/)
    expect(exitCode).toBe(3)
    expect(isRunning(one.daemon)).toBe(false)
    expect(await temp.leftInTheEnd()).toEqual([])
  })

  it('of pgrehearse itself takes command, daemon and server along', async () => {
    const one = await busy(inTransaction)
    one.child.kill('SIGKILL')
    await once(one.child, 'close')
    await expect.poll(() => isRunning(one.client), { timeout: 10_000 }).toBe(false)
    await expect.poll(() => isRunning(one.daemon), { timeout: 10_000 }).toBe(false)
    expect(await temp.leftInTheEnd()).toEqual([])
  })
})
