import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { findInstallation } from '../../src/postgres/binaries.ts'
import { cleanUp, startWatchdog } from '../../src/postgres/cleanup.ts'
import { serverUser, spawnIdentity } from '../../src/postgres/os-user.ts'
import { initialize, superuserName } from '../../src/postgres/postmaster.ts'
import { prepareRuntime } from '../../src/postgres/runtime.ts'
import { writeConfiguration } from '../../src/postgres/settings.ts'
import { createWorkFolder } from '../../src/postgres/work-folder.ts'
import { serverOptions } from './servers.ts'

/** A cluster that the test starts and stops by itself; disposing it ends everything. */
export interface BareServer extends AsyncDisposable {
  readonly data: string
  /** Of its superuser. */
  readonly url: string
  /** Does not wait until it accepts connections. */
  start(): ChildProcess
}

export async function bareServer(): Promise<BareServer> {
  const user = await serverUser()
  const installation = await findInstallation(serverOptions(18))
  const folder = await createWorkFolder(user, {}, false)
  const watchdog = startWatchdog(folder, user)
  const end = async (): Promise<void> => {
    await cleanUp(folder, user)
    await watchdog.release()
  }
  try {
    const runtime = await prepareRuntime(installation, user, folder.dir)
    const password = await initialize({ runtime, user, folder, watchdog })
    const data = join(folder.dir, 'data')
    await writeConfiguration(data, folder.socketDir, installation.major)
    const socket = encodeURIComponent(folder.socketDir)
    return {
      data,
      url: `postgresql://${superuserName}:${password}@localhost/postgres?host=${socket}`,
      start: () =>
        spawn(join(runtime.bin, 'postgres'), ['-D', data], {
          ...spawnIdentity(user),
          cwd: '/',
          env: { ...runtime.env },
          stdio: 'ignore',
        }),
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}
