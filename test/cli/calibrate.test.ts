import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { validateConfig } from '../../src/config/validate.ts'
import { folderWith, run } from './run.ts'

const known = { rules: async () => [], reserved: async () => [], sources: async () => [] }

it('prints the speed of this machine as the configuration takes it', async () => {
  const { exitCode, stdout, stderr } = await run(['calibrate'], { cwd: await folderWith() })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'Measuring this machine\n' })
  expect(stdout.replaceAll(/\d+(?:\.\d+)?(?: [kMG]B)?/g, '0')).toMatchInlineSnapshot(`
    "PostgreSQL 0 (embedded)
      sort            0 µs per row
      scan in memory  0/s
      write WAL       0/s
      commit          does not wait for the disk here

    For the configuration, if production runs on a machine like this (measure it with --server-url if not):

    production:
      hardware:
        sortMicrosPerRow: 0
        scanBytesPerSecond: 0/s
        walBytesPerSecond: 0/s
    "
  `)
  const config = await validateConfig(parse(stdout.slice(stdout.indexOf('production:'))), 'x', known)
  expect(config.production?.hardware?.scanBytesPerSecond).toBeGreaterThan(1_000_000)
})

it('prints it for scripts, too', async () => {
  const { exitCode, stdout } = await run(['calibrate', '--format', 'json'], { cwd: await folderWith() })
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    server: expect.stringMatching(/^PostgreSQL .* \(embedded\)$/),
    hardware: {
      sortMicrosPerRow: expect.any(Number),
      scanBytesPerSecond: expect.any(Number),
      walBytesPerSecond: expect.any(Number),
    },
  })
})

it('says that a server is away, and never its password', async () => {
  const url = 'postgresql://me:secret@127.0.0.1:1/shop'
  const { exitCode, stdout, stderr } = await run(['calibrate', '--server-url', url], {
    cwd: await folderWith(),
  })
  expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
  expect(stderr).toContain('The server at 127.0.0.1:1 cannot be measured: connect ECONNREFUSED')
  expect(stderr).not.toContain('secret')
})
