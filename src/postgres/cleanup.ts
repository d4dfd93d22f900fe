import { spawn, spawnSync } from 'node:child_process'
import { rmdirSync } from 'node:fs'
import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { getgid, getuid } from 'node:process'
import { spawnIdentity, type OsUser } from './os-user.ts'
import { baseFolders, folderPrefix, isAbandoned, ownerAmong, type WorkFolder } from './work-folder.ts'
import { endWatchdog, leaveBeside } from './watchdog-process.ts'

/**
 * Ends the server of a work folder at once and removes the folder: `$1` work folder, `$2` socket folder.
 *
 * The process id comes from postmaster.pid and is believed only while that process works in the data folder
 * (Postgres changes into it at start): a stale file never kills a stranger, and a zombie, which works
 * nowhere, is not waited for. Runs as the server's user, not as root: the folder's content is not to be
 * trusted.
 */
const endServer = `
is_running() {
  if [ -e /proc/self ]; then [ "$(readlink "/proc/$2/cwd")" = "$1/data" ]; else kill -0 "$2" 2>/dev/null; fi
}
end_server() {
  pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
  case $pid in ''|*[!0-9]*) pid= ;; esac
  if [ -n "$pid" ] && is_running "$1" "$pid"; then
    kill -QUIT "$pid" 2>/dev/null
    tries=0
    while is_running "$1" "$pid" && [ $tries -lt 60 ]; do sleep 0.05; tries=$((tries + 1)); done
    is_running "$1" "$pid" && kill -KILL "$pid" 2>/dev/null
  fi
  rm -rf -- "$1" "$2" 2>/dev/null
}`

/**
 * Waits until node is gone, which closes the pipe on its standard input, then cleans up. Lines on the pipe
 * are ids of helper processes (initdb) that must end too; `done` means that all is cleaned up already.
 */
const watchdogScript = `${endServer}
trap '' INT TERM HUP
helper=
while read -r line; do
  [ "$line" = done ] && exit 0
  helper=$line
done
case $helper in ''|*[!0-9]*) ;; *) kill -KILL "$helper" 2>/dev/null ;; esac
end_server "$1" "$2"
sleep 1
rm -rf -- "$1" "$2"
`

const shellEnv = { PATH: '/usr/local/bin:/usr/bin:/bin' }

function shellArguments(script: string, folder: WorkFolder): readonly string[] {
  return ['-c', script, 'pgrehearse-cleanup', folder.dir, folder.socketDir]
}

/** Kills the server when our process dies without a chance to do it: SIGKILL, out of memory, a crash. */
export interface Watchdog {
  /** Names a helper process that must not survive us; undefined when it has ended. */
  guard(processId: number | undefined): void
  /** Everything is cleaned up: ends the watchdog. */
  release(): Promise<void>
  /** As release(), when node itself ends now: a short write to a pipe is not put off. */
  releaseNow(): void
}

/** Starts the watchdog in a session of its own, so that Ctrl-C in the terminal does not reach it. */
export function startWatchdog(folder: WorkFolder, user: OsUser): Watchdog {
  const child = spawn('/bin/sh', [...shellArguments(watchdogScript, folder)], {
    ...spawnIdentity(user),
    cwd: '/',
    env: shellEnv,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Without a shell there is no watchdog: the next start removes what a SIGKILL left.
  leaveBeside(child)
  return {
    guard: (processId) => {
      child.stdin.write(`${processId ?? ''}\n`)
    },
    release: () => endWatchdog(child),
    releaseNow: () => {
      child.stdin.write('done\n')
    },
  }
}

/** Ends the server and removes its folders without returning to the event loop, for process exit. */
export function cleanUpSync(folder: WorkFolder, user: OsUser): void {
  const script = `${endServer}\nend_server "$1" "$2"`
  spawnSync('/bin/sh', [...shellArguments(script, folder)], {
    ...spawnIdentity(user),
    cwd: '/',
    env: shellEnv,
    stdio: 'ignore',
  })
  for (const dir of new Set([folder.dir, folder.socketDir])) {
    try {
      rmdirSync(dir)
    } catch {
      // Gone already: the user removed it together with its content.
    }
  }
}

/** As cleanUpSync(), and takes away the emptied folder itself where only we may. */
export async function cleanUp(folder: WorkFolder, user: OsUser): Promise<void> {
  const script = `${endServer}\nend_server "$1" "$2"`
  const child = spawn('/bin/sh', [...shellArguments(script, folder)], {
    ...spawnIdentity(user),
    cwd: '/',
    env: shellEnv,
    stdio: 'ignore',
  })
  await new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  await rmdir(folder.dir).catch(() => undefined)
  await rmdir(folder.socketDir).catch(() => undefined)
}

/** Removes what dead runs left behind: their servers if still alive, and their folders. Never fails. */
export async function removeAbandoned(
  user: OsUser,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const ourselves = { uid: getuid?.() ?? user.uid, gid: getgid?.() ?? user.gid, dropped: false }
  const bases = new Set([...(await baseFolders(env)), '/tmp'])
  for (const base of bases) {
    const names = await readdir(base).catch(() => [])
    for (const name of names.filter((one) => one.startsWith(folderPrefix))) {
      const dir = join(base, name)
      const owner = await ownerAmong(dir, [user, ourselves])
      if (owner !== undefined && (await isAbandoned(dir))) {
        await cleanUp({ dir, socketDir: dir }, owner)
      }
    }
  }
}
