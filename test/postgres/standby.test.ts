import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { openServer } from '../../src/postgres/server.ts'
import { calibrate } from '../../src/sampling/calibrate.ts'
import { bareServer } from './bare-server.ts'
import { serverOptions } from './servers.ts'

test('a standby is refused as a server to rehearse on and to measure', async () => {
  await using server = await bareServer()
  await writeFile(join(server.data, 'standby.signal'), '')
  server.start()
  const refusal = async (): Promise<unknown> => {
    for (let tries = 0; tries < 600; tries++) {
      const error = await openServer(serverOptions(18, { serverUrl: server.url })).catch(
        (one: unknown) => one,
      )
      if (!/ENOENT|ECONNREFUSED|starting up|not yet accepting/.test(String(error))) return error
      await sleep(100)
    }
    return 'never ready'
  }
  const error = await refusal()
  expect(error).toBeInstanceOf(UsageError)
  expect(String(error)).toContain('The server is a standby')
  const measured = calibrate(serverOptions(18, { serverUrl: server.url }), new AbortController().signal)
  await expect(measured).rejects.toThrow('The server is a standby')
})
