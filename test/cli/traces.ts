import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'

/** A temporary folder that only the runs of one test file use, so that whatever is left there is theirs. */
export interface PrivateTemp {
  readonly dir: string
  /** Work folders and processes of servers that are still there. */
  left(): Promise<readonly string[]>
  /** As {@link PrivateTemp.left}, waiting up to ten seconds for the watchdog to take everything away. */
  leftInTheEnd(): Promise<readonly string[]>
}

/** Makes the folder before the file's tests and deletes it after them. */
export function privateTemp(): PrivateTemp {
  let dir = ''
  beforeAll(async () => {
    dir = await realpath(await mkdtemp(path.join(tmpdir(), 'pgr-cli-')))
    // the server's user passes through it
    await chmod(dir, 0o711)
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))
  const left = async (): Promise<readonly string[]> => {
    const folders = (await readdir(dir)).filter((name) => name.startsWith('pgrehearse-'))
    return [...folders, ...processesThatName(dir)]
  }
  return {
    get dir() {
      return dir
    },
    left,
    leftInTheEnd: async () => {
      for (let tries = 0; tries < 100 && (await left()).length > 0; tries++) await sleep(100)
      return left()
    },
  }
}

/** Command lines on this machine that mention the folder, except those of Node: the tests' own. */
function processesThatName(dir: string): readonly string[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return ids
    .map((id) => readCommandLine(id))
    .filter((command) => command.includes(`${dir}/pgrehearse-`) && !command.startsWith(process.execPath))
}

function readCommandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    // it has ended in the meantime
    return ''
  }
}
