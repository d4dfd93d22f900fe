import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newWord, wordVariable } from '../../src/postgres/command-processes.ts'
import { readProcess } from '../../src/postgres/process-table.ts'
import { startReaper } from '../../src/postgres/reaper.ts'
import { reaperScript } from '../../src/postgres/reaper-script.ts'
import { runCommand, type CommandRequest, type EndedCommand } from '../../src/postgres/run-command.ts'
import { temporaryFolder } from '../review/repository.ts'

/** Leaves the group of its command, and its parent ends at once. */
const daemon = "(setsid sh -c 'echo $$ > daemon; exec sleep 600' > /dev/null 2>&1 &)"

/** Its environment says nothing, its parent ends after a while. */
const cleaned = `(env -i setsid sh -c 'echo $$ > daemon; exec sleep 600' > /dev/null 2>&1 & sleep 0.5)`

/** A child of a daemon, in a group of its own, whose environment says nothing. */
const grandchild = `(setsid sh -c 'env -i setsid sleep 600 & echo $! > daemon; wait' > /dev/null 2>&1 &)`

/** Does not end when it is asked to. */
const deaf = `(setsid sh -c 'trap "" TERM; echo $$ > daemon; while :; do sleep 0.2; done' > /dev/null 2>&1 &)`

async function idOf(dir: string): Promise<number> {
  const file = join(dir, 'daemon')
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8')).toMatch(/\d\n/)
  const id = Number(readFileSync(file, 'utf8'))
  onTestFinished(() => {
    if (isRunning(id)) process.kill(id, 'SIGKILL')
  })
  return id
}

function isRunning(id: number): boolean {
  return readProcess(id)?.hasEnded === false
}

/** Until the daemon has said who it is. */
const waits = 'while [ ! -s daemon ]; do sleep 0.02; done'

describe('a command', () => {
  const ran = async (
    run: CommandRequest['run'],
    more: Partial<CommandRequest> = {},
  ): Promise<{ readonly dir: string; readonly command: EndedCommand; readonly printed: string[] }> => {
    const dir = await temporaryFolder()
    const reaper = startReaper({})
    const printed: string[] = []
    const command = await runCommand({
      run,
      cwd: dir,
      env: { PATH: process.env['PATH'] },
      timeoutMs: 20_000,
      onOutput: (chunk, stream) => printed.push(`${stream}: ${chunk.toString()}`),
      reaper,
      ...more,
    })
    onTestFinished(async () => {
      await command[Symbol.asyncDispose]()
      await reaper.release()
    })
    return { dir, command, printed }
  }

  it('tells how it ended and what it printed', async () => {
    const { command, printed } = await ran(['sh', '-c', 'echo to you; echo "and ${0}" >&2; exit 3', 'me'])
    expect(command.end).toEqual({ code: 3, signal: null, tooLong: false })
    expect(printed.toSorted()).toEqual(['stderr: and me\n', 'stdout: to you\n'])
    await expect(ran(['/no/such/program'])).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is ended with all that it has started when its time is over, or when it is aborted', async () => {
    const late = await ran(`${deaf}; ${waits}; sleep 600`, { timeoutMs: 500 })
    expect(late.command.end).toEqual({ code: null, signal: 'SIGTERM', tooLong: true })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 300)
    const aborted = await ran(`${daemon}; sleep 600`, { signal: controller.signal })
    expect(aborted.command.end).toEqual({ code: null, signal: 'SIGTERM', tooLong: false })
    const vain = await ran('sleep 600', { inVain: AbortSignal.timeout(100) })
    expect(vain.command.end).toEqual({ code: null, signal: 'SIGTERM', tooLong: true })
    await late.command[Symbol.asyncDispose]()
    expect(isRunning(await idOf(late.dir))).toBe(false)
    await aborted.command[Symbol.asyncDispose]()
    expect(isRunning(await idOf(aborted.dir))).toBe(false)
  })

  it.each([
    ['a daemon', daemon],
    ['whose environment is not its own', cleaned],
    ['of a daemon', grandchild],
  ])('leaves no process behind: %s', async (_, start) => {
    const stranger = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
    const { dir, command } = await ran(`${start}; ${waits}`)
    const id = await idOf(dir)
    expect(isRunning(id)).toBe(true)
    await command[Symbol.asyncDispose]()
    expect(isRunning(id)).toBe(false)
    expect(isRunning(stranger.pid ?? 0)).toBe(true)
    stranger.kill('SIGKILL')
  })
})

const shells = [['/bin/sh'], ['bash'], ['busybox', 'sh']].filter(
  ([program = '']) =>
    program.startsWith('/') ||
    (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program))),
)

describe.each(shells)('the reaper as a script of %s', (program, ...args) => {
  interface Reaping {
    /** As if our process had told these lines and been killed. */
    killed(lines: readonly string[]): Promise<string>
  }

  const reaping = ({ destroy, folders = [] }: { destroy?: string; folders?: string[] } = {}): Reaping => {
    const script = ['-c', reaperScript, 'reaper', destroy === undefined ? '' : newWord(), ...folders]
    const clone = destroy === undefined ? {} : { PGREHEARSE_CLONE_ID: 'one', PGREHEARSE_DESTROY: destroy }
    const child = spawn(program, [...args, ...script], {
      argv0: program === 'busybox' ? program : 'sh',
      env: { PATH: process.env['PATH'], ...clone },
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    let says = ''
    child.stderr.on('data', (chunk: Buffer) => (says += chunk.toString()))
    return {
      killed: async (lines) => {
        child.stdin.end(lines.map((line) => `${line}\n`).join(''))
        await once(child, 'close')
        return says
      },
    }
  }

  const started = async (script: string): Promise<{ readonly word: string; readonly id: number }> => {
    const dir = await temporaryFolder()
    const word = newWord()
    const env = { PATH: process.env['PATH'], [wordVariable]: word }
    spawn('sh', ['-c', script], { cwd: dir, env, stdio: 'ignore' })
    return { word, id: await idOf(dir) }
  }

  it('ends what has the word and what that has started, and removes folders', async () => {
    const dir = await temporaryFolder()
    const older = await started(daemon)
    await sleep(20)
    const reaper = reaping({ folders: [join(dir, 'one'), join(dir, 'two')] })
    await mkdir(join(dir, 'one', 'deep'), { recursive: true })
    const [one, other] = await Promise.all([started(grandchild), started(daemon)])
    expect(await reaper.killed([`running ${one.word} 4194304`])).toBe('')
    expect([one.id, other.id].map(isRunning)).toEqual([false, true])
    expect(existsSync(join(dir, 'one'))).toBe(false)
    await reaping().killed([`running ${older.word} `])
    expect(isRunning(older.id)).toBe(true)
  })

  it('ends what it was told of, and not what has got its id since', async () => {
    const { id } = await started(cleaned)
    const { start = 0 } = readProcess(id) ?? {}
    const word = newWord()
    await reaping().killed([
      `running ${word} `,
      `seen ${word} ${id} ${start - 1}`,
      `seen ${newWord()} ${id} ${start}`,
    ])
    expect(isRunning(id)).toBe(true)
    await reaping().killed([`seen ${word} ${id} ${start}`, `running ${word} `])
    expect(isRunning(id)).toBe(false)
  })

  it('keeps a tunnel until the clone is destroyed, and ends what destroy leaves', async () => {
    const dir = await temporaryFolder()
    const destroy = `cd ${dir}; kill -0 $(cat tunnel) && echo "$PGREHEARSE_CLONE_URL" > url; ${daemon}; ${waits}`
    const reaper = reaping({ destroy })
    const tunnel = await started(daemon)
    await writeFile(join(dir, 'tunnel'), String(tunnel.id))
    const lines = [
      'url postgresql://a@b/c',
      `running ${tunnel.word} `,
      'kept',
      `running ${newWord()} `,
      'over',
    ]
    expect(await reaper.killed(lines)).toBe(
      'pgrehearse was killed: server.destroy has taken the clone of production away\n',
    )
    expect(readFileSync(join(dir, 'url'), 'utf8')).toBe('postgresql://a@b/c\n')
    expect(isRunning(tunnel.id)).toBe(false)
    expect(isRunning(await idOf(dir))).toBe(false)
  })

  it('does nothing when all is done, nor for a word that others may have', async () => {
    const reaper = reaping({ destroy: 'echo destroyed >&2' })
    const { word, id } = await started(daemon)
    expect(await reaper.killed([`running ${word} `, 'done'])).toBe('')
    await reaping().killed([`running ${word.slice(1)} `])
    expect(isRunning(id)).toBe(true)
  })
})
