/** Signals in the middle of a statement: the right exit code, and nothing left behind. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { ended, folderWith, start } from './run.ts'
import { privateTemp } from './traces.ts'

const temp = privateTemp()
// The watchdog runs as the server's user and deletes a folder in here.
beforeAll(() => chmod(temp.dir, 0o1777))

/** A run that sleeps in its second migration. */
async function sleeping(): Promise<ChildProcess> {
  const cwd = await folderWith({
    'migrations/001.sql': 'CREATE TABLE users (id bigint PRIMARY KEY);\n',
    'migrations/002.sql': 'SELECT pg_sleep(3600);\n',
  })
  const child = start(['check', '--all'], { cwd, env: { TMPDIR: temp.dir } })
  let said = ''
  for await (const chunk of child.stderr ?? []) {
    said += String(chunk)
    if (said.includes('Rehearsing migrations/002.sql')) return child
  }
  throw new Error(`It ended before it could be interrupted:\n${said}`)
}

describe('a run that is interrupted in the middle of a statement', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s exits with %i and takes the server with it', async (signal, code) => {
    const child = await sleeping()
    child.kill(signal)
    const [exitCode] = (await once(child, 'close')) as [number | null]
    expect(exitCode).toBe(code)
    expect(await temp.left()).toEqual([])
  })

  it('by two signals exits at once, and leaves nothing all the same', async () => {
    const child = await sleeping()
    child.kill('SIGINT')
    child.kill('SIGINT')
    const [exitCode] = (await once(child, 'close')) as [number | null]
    expect(exitCode).toBe(130)
    expect(await temp.leftInTheEnd()).toEqual([])
  })

  it('by SIGKILL leaves the rest to the watchdog', async () => {
    const child = await sleeping()
    expect(await temp.left()).not.toEqual([])
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(await temp.leftInTheEnd()).toEqual([])
  })
})

describe('a run that is interrupted while the server starts', () => {
  it('leaves nothing behind', async () => {
    const cwd = await folderWith({ 'migrations/001.sql': 'SELECT 1;\n' })
    const child = start(['check', '--all'], { cwd, env: { TMPDIR: temp.dir } })
    const result = ended(child)
    await once(child.stderr as NodeJS.EventEmitter, 'data')
    child.kill('SIGTERM')
    expect((await result).exitCode).toBe(143)
    expect(await temp.leftInTheEnd()).toEqual([])
  })
})
