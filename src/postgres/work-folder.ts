import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rmdir,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { kill, pid } from 'node:process'
import { EnvironmentError } from '../core/errors.ts'
import type { OsUser } from './os-user.ts'
import { statFields } from './process-table.ts'
import { maxSocketPathBytes, socketPort } from './settings.ts'

/** The private folders of one server. Everything below them belongs to the server's user. */
export interface WorkFolder {
  /** Holds the data, the log and whatever had to be copied. */
  readonly dir: string
  /** Holds the socket: `dir`, unless its path is too long for one. */
  readonly socketDir: string
}

export const folderPrefix = 'pgrehearse-'

/** Name of the file in a work folder that says which process owns it. */
const ownerFile = 'owner.json'

const memoryFolder = '/dev/shm'
const memoryFolderMinimumBytes = 4 * 1024 ** 3

/** Where work folders may be, most wanted first; links resolved, so that they compare with /proc/pid/cwd. */
export async function baseFolders(
  env: Readonly<Record<string, string | undefined>>,
  executable = false,
): Promise<readonly string[]> {
  const chosen = env['TMPDIR']
  if (chosen !== undefined && chosen !== '') {
    return [await realpath(chosen).catch(() => resolve(chosen))]
  }
  return !executable && (await hasRoomInMemory()) ? [memoryFolder, '/tmp', '/var/tmp'] : ['/tmp', '/var/tmp']
}

/**
 * Docker gives /dev/shm 64 MB, and a container's memory limit counts what is written there: it is used only
 * when neither can be felt.
 */
async function hasRoomInMemory(): Promise<boolean> {
  const fs = await statfs(memoryFolder).catch(() => undefined)
  if (fs === undefined || fs.bavail * fs.bsize < memoryFolderMinimumBytes) return false
  const limits = await Promise.all(
    ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map((path) =>
      readFile(path, 'utf8').catch(() => 'max'),
    ),
  )
  return limits.every((text) => text.trim() === 'max' || Number(text) >= 2 * memoryFolderMinimumBytes)
}

/**
 * Creates the private folder of a server, below TMPDIR when that is set. `executable`: programs will be
 * copied there, and Docker mounts /dev/shm with noexec.
 * @throws EnvironmentError when no temporary folder can be written, or when the server's user cannot reach it.
 */
export async function createWorkFolder(
  user: OsUser,
  env: Readonly<Record<string, string | undefined>>,
  executable: boolean,
): Promise<WorkFolder> {
  const dir = await createIn(await baseFolders(env, executable), user)
  if (fitsSocket(dir)) return { dir, socketDir: dir }
  const socketDir = await createIn(['/tmp', '/var/tmp', memoryFolder].filter(fitsSocketBelow), user).catch(
    async (cause: unknown) => {
      await rmdir(dir).catch(() => undefined)
      throw new EnvironmentError(
        `The temporary folder's path is too long for a Unix socket (${maxSocketPathBytes} bytes): ${dir}`,
        { hint: 'Set TMPDIR to a shorter path.', cause },
      )
    },
  )
  return { dir, socketDir }
}

function fitsSocket(dir: string): boolean {
  return Buffer.byteLength(join(dir, `.s.PGSQL.${socketPort}.lock`)) <= maxSocketPathBytes
}

function fitsSocketBelow(base: string): boolean {
  return fitsSocket(join(base, `${folderPrefix}0123456789ab`))
}

async function createIn(bases: readonly string[], user: OsUser): Promise<string> {
  const failures: string[] = []
  for (const base of bases) {
    if (!(await isReachable(base, user))) {
      failures.push(`${base} is closed to the user (id ${user.uid}) that runs the server`)
      continue
    }
    const dir = join(base, `${folderPrefix}${randomBytes(6).toString('hex')}`)
    try {
      await mkdir(dir, { mode: 0o700 })
      await writeOwner(dir)
      if (user.dropped) await chown(dir, user.uid, user.gid)
      await chmod(dir, 0o700)
      return dir
    } catch (error) {
      await rmdir(dir).catch(() => undefined)
      failures.push(`${base}: ${(error as Error).message}`)
    }
  }
  throw new EnvironmentError(`No temporary folder can be used: ${failures.join('; ')}.`, {
    hint: 'Set TMPDIR to a folder that exists, has room and can be written.',
  })
}

/** Can the user pass through every folder down to this one? Judged by mode bits; access lists are not read. */
export async function isReachable(path: string, user: OsUser): Promise<boolean> {
  if (!user.dropped) return true
  const info = await stat(path).catch(() => undefined)
  if (info === undefined) return true // the attempt to create it says what is wrong
  const needed = info.uid === user.uid ? 0o100 : info.gid === user.gid ? 0o010 : 0o001
  if ((info.mode & needed) === 0) return false
  return path === dirname(path) || isReachable(dirname(path), user)
}

/** Whom a work folder belongs to. Process ids are reused, so the start time counts too. */
interface Owner {
  readonly pid: number
  /** Clock ticks since boot (field 22 of /proc/pid/stat); null where there is no /proc. */
  readonly startTime: string | null
  /** In which the id names it, pid_namespaces(7); null where there is no /proc. Containers may share /tmp. */
  readonly namespace?: string | null
}

async function writeOwner(dir: string): Promise<void> {
  const owner: Owner = { pid, startTime: await processStartTime(pid), namespace: await processNamespace() }
  await writeFile(join(dir, ownerFile), JSON.stringify(owner), { mode: 0o644 })
}

async function processNamespace(): Promise<string | null> {
  return readlink('/proc/self/ns/pid').catch(() => null)
}

async function processStartTime(processId: number): Promise<string | null> {
  const text = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => undefined)
  return (text === undefined ? undefined : statFields(text)[19]) ?? null
}

/** True when the process that created this folder is gone. False when that cannot be told. */
export async function isAbandoned(dir: string): Promise<boolean> {
  const text = await readFile(join(dir, ownerFile), 'utf8').catch(() => undefined)
  const owner = parseOwner(text)
  if (owner === undefined) return isEmptied(dir)
  if (owner.namespace !== undefined && owner.namespace !== (await processNamespace())) return false
  if (!isAlive(owner.pid)) return true
  const startTime = await processStartTime(owner.pid)
  return owner.startTime !== null && startTime !== null && owner.startTime !== startTime
}

/**
 * Emptied by a watchdog that, as the server's user, could not delete the folder itself. A new folder of ours is
 * empty for an instant, and others may give theirs names that begin like ours.
 */
async function isEmptied(dir: string): Promise<boolean> {
  if (!ownName.test(dir)) return false
  const [names, info] = await Promise.all([
    readdir(dir).catch(() => undefined),
    stat(dir).catch(() => undefined),
  ])
  return names?.length === 0 && info !== undefined && Date.now() - info.mtimeMs > emptiedMs
}

const ownName = new RegExp(`/${folderPrefix}[0-9a-f]{12}$`)
const emptiedMs = 60_000

function parseOwner(text: string | undefined): Owner | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Owner>
    const { pid: id, startTime = null, namespace } = value
    if (typeof id !== 'number' || id <= 0) return undefined
    return { pid: id, startTime, ...(namespace === undefined ? {} : { namespace }) }
  } catch {
    return undefined
  }
}

function isAlive(processId: number): boolean {
  try {
    return kill(processId, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Whose the folder is, if it is one of these users'. Anybody can make folders of our name in a shared /tmp;
 * only our own and our server user's are touched.
 */
export async function ownerAmong(dir: string, users: readonly OsUser[]): Promise<OsUser | undefined> {
  const info = await lstat(dir).catch(() => undefined)
  return info?.isDirectory() === true ? users.find((user) => user.uid === info.uid) : undefined
}
