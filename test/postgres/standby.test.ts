import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { findInstallation } from '../../src/postgres/binaries.ts'
import { cleanUp, startWatchdog } from '../../src/postgres/cleanup.ts'
import { serverUser, spawnIdentity } from '../../src/postgres/os-user.ts'
import { initialize, superuserName } from '../../src/postgres/postmaster.ts'
import { prepareRuntime } from '../../src/postgres/runtime.ts'
import { openServer } from '../../src/postgres/server.ts'
import { writeConfiguration } from '../../src/postgres/settings.ts'
import { createWorkFolder } from '../../src/postgres/work-folder.ts'
import { calibrate } from '../../src/sampling/calibrate.ts'
import { serverOptions } from './servers.ts'

test('a standby is refused as a server to rehearse on and to measure', async () => {
  const user = await serverUser()
  const installation = await findInstallation(serverOptions(18))
  const folder = await createWorkFolder(user, {}, false)
  const watchdog = startWatchdog(folder, user)
  try {
    const runtime = await prepareRuntime(installation, user, folder.dir)
    const password = await initialize({ runtime, user, folder, watchdog })
    const data = join(folder.dir, 'data')
    await writeConfiguration(data, folder.socketDir, installation.major)
    await writeFile(join(data, 'standby.signal'), '')
    const env = { ...runtime.env }
    spawn(join(runtime.bin, 'postgres'), ['-D', data], {
      ...spawnIdentity(user),
      cwd: '/',
      env,
      stdio: 'ignore',
    })
    const socket = encodeURIComponent(folder.socketDir)
    const serverUrl = `postgresql://${superuserName}:${password}@localhost/postgres?host=${socket}`
    const refusal = async (): Promise<unknown> => {
      for (let tries = 0; tries < 600; tries++) {
        const error = await openServer(serverOptions(18, { serverUrl })).catch((one: unknown) => one)
        if (!/ENOENT|ECONNREFUSED|starting up|not yet accepting/.test(String(error))) return error
        await sleep(100)
      }
      return 'never ready'
    }
    const error = await refusal()
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain('The server is a standby')
    const measured = calibrate(serverOptions(18, { serverUrl }), new AbortController().signal)
    await expect(measured).rejects.toThrow('The server is a standby')
  } finally {
    await cleanUp(folder, user)
    await watchdog.release()
  }
})
