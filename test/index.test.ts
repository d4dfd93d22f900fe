import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import * as api from '../src/index.ts'
import type { CheckOptions, ConfigInput } from '../src/index.ts'

it('exports what the documentation names, and nothing else', () => {
  expect(Object.keys(api).toSorted()).toMatchInlineSnapshot(`
    [
      "ConfigError",
      "EnvironmentError",
      "ToolError",
      "UsageError",
      "blocksReads",
      "blocksWrites",
      "check",
      "conflictsWith",
      "defineConfig",
      "defineReporter",
      "defineRule",
      "defineSource",
      "displayName",
      "existingTableLocks",
      "lockStrength",
      "whatWaits",
    ]
  `)
})

it('types a configuration: undefined is as good as none, an unknown key does not compile', () => {
  const url: string | undefined = undefined
  const config: ConfigInput = api.defineConfig({
    migrations: [{ dir: 'db', transaction: 'file' }],
    runner: { lockTimeout: '5s', statementTimeout: 1000 },
    rules: { 'ban-truncate': 'off', 'ban-drop-table': { severity: 'info' } },
    server: { url },
  })
  // @ts-expect-error the key is called migrations
  api.defineConfig({ migration: {} })
  // @ts-expect-error there is no such mode
  api.defineConfig({ migrations: { transaction: 'sometimes' } })
  expect(config.server).toEqual({ url: undefined })
})

it('gives the report of a run without printing anything', async () => {
  const cwd = await mkdtemp(path.join(tmpdir(), 'pgrehearse-api-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  await writeFile(path.join(cwd, '001_a.sql'), 'create table a (id bigint primary key);\n')
  const options: CheckOptions = {
    cwd,
    paths: ['001_a.sql'],
    all: false,
    replay: false,
    failOn: 'error',
    requireRehearsal: false,
    sharedServer: false,
    superuser: false,
    config: {},
    env: process.env,
    signal: new AbortController().signal,
    progress: () => {},
    now: new Date('2026-11-21T12:00:00Z'),
  }
  const report = await api.check(options)
  expect(report).toMatchObject({
    evidence: 'predicted',
    exitCode: 0,
    createdAt: '2026-11-21T12:00:00.000Z',
    migrations: [{ file: '001_a.sql', outcome: 'predicted' }],
  })
})
