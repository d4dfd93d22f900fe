import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import process, { getgid, getuid } from 'node:process'
import { EnvironmentError } from '../core/errors.ts'

/** The operating system account that runs the server. */
export interface OsUser {
  readonly uid: number
  readonly gid: number
  /** True when we are root and have to become this user: Postgres refuses to run as root. */
  readonly dropped: boolean
}

/** The ways out when the server cannot be started here at all. */
export const otherServerHint =
  'Run the job in an image such as node:20-bookworm, or give an existing server with --server-url.'

const firstRegularUid = 1000

/**
 * Chooses the account for the server: ourselves, or, when we are root, `postgres`, else `nobody`, else
 * the first regular user in /etc/passwd.
 * @throws EnvironmentError when our uid, or root's /etc/passwd, has no entry that initdb would accept
 * (it looks up its effective user, src/bin/initdb/initdb.c: get_id).
 */
export async function serverUser(): Promise<OsUser> {
  const uid = getuid?.()
  const gid = getgid?.()
  if (uid === undefined || gid === undefined) {
    throw new EnvironmentError('The embedded Postgres needs Unix sockets, which this platform lacks.', {
      hint: otherServerHint,
    })
  }
  if (uid === 0) return unprivilegedUser(await readPasswd())
  requirePasswdEntry(uid)
  return { uid, gid, dropped: false }
}

function requirePasswdEntry(uid: number): void {
  try {
    userInfo()
  } catch (cause) {
    throw new EnvironmentError(
      `The user id ${uid} that runs this job has no entry in /etc/passwd, and Postgres refuses to start without one.`,
      { hint: `Run the job as a named user or as root. ${otherServerHint}`, cause },
    )
  }
}

interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

async function readPasswd(): Promise<readonly PasswdEntry[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    const entry = { name: name ?? '', uid: Number(uid), gid: Number(gid) }
    return Number.isInteger(entry.uid) && Number.isInteger(entry.gid) && entry.uid > 0 ? [entry] : []
  })
}

function unprivilegedUser(entries: readonly PasswdEntry[]): OsUser {
  const chosen =
    entries.find((entry) => entry.name === 'postgres') ??
    entries.find((entry) => entry.name === 'nobody') ??
    entries.find((entry) => entry.uid >= firstRegularUid)
  if (chosen === undefined) {
    throw new EnvironmentError(
      'This job runs as root, which Postgres refuses, and /etc/passwd names no other user to become.',
      { hint: `Add a user (\`adduser postgres\`). ${otherServerHint}` },
    )
  }
  return { uid: chosen.uid, gid: chosen.gid, dropped: true }
}

/**
 * Works on files with the rights of this user, whose they will be: whatever links stand in the way, nothing is read
 * or written that the user could not read or write itself.
 *
 * `work` must be synchronous: the whole process has these rights meanwhile, also what runs beside it in the thread
 * pool.
 * @throws Error in a worker thread, which cannot change its user.
 */
export function withRightsOf<T>(user: OsUser, work: () => T): T {
  if (!user.dropped) return work()
  const { setegid, seteuid, setgroups, getegid, geteuid, getgroups } = process
  if (!setegid || !seteuid || !setgroups || !getegid || !geteuid || !getgroups) {
    throw new Error('a worker thread cannot change its user')
  }
  const [uid, gid, groups] = [geteuid(), getegid(), getgroups()]
  setgroups([user.gid])
  setegid(user.gid)
  seteuid(user.uid)
  try {
    return work()
  } finally {
    seteuid(uid)
    setegid(gid)
    setgroups(groups)
  }
}

/** The `uid` and `gid` options of node:child_process for this user; empty when we already are it. */
export function spawnIdentity(user: OsUser): { uid?: number; gid?: number } {
  return user.dropped ? { uid: user.uid, gid: user.gid } : {}
}
