import { symlink } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { CheckOptions } from '../../src/check-options.ts'
import type { Report } from '../../src/core/model.ts'
import { checkOnMajors } from '../../src/merged/several-majors.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { cleanEnv, type Workspace } from '../review/repository.ts'
import { majorsDir } from '../postgres/servers.ts'
import { branchWith } from './checked.ts'
import { majors } from './servers.ts'

const history = {
  'db/migrations/V1__base.sql': 'create table orders (id bigint primary key, note text, total int);',
}
// 15 knows NULLS NOT DISTINCT; 18 validates a named NOT NULL constraint later
const added = {
  'db/migrations/V2__index.sql': 'create unique index orders_note on orders (note) nulls not distinct;\n',
  'db/migrations/V3__total.sql': 'alter table orders alter column total set not null;\n',
}

async function workspace(): Promise<Workspace> {
  const made = await branchWith({ ...history, '.gitignore': 'node_modules\n' }, added)
  await symlink(path.join(majorsDir, 'node_modules'), path.join(made.path, 'node_modules'))
  return made
}

async function checked({ path: cwd }: Workspace, options: Partial<CheckOptions>): Promise<Report> {
  await loadParser()
  return checkOnMajors({
    cwd,
    paths: [],
    all: false,
    replay: true,
    prove: false,
    failOn: 'error',
    requireRehearsal: false,
    sharedServer: false,
    superuser: false,
    config: {},
    env: cleanEnv,
    signal: new AbortController().signal,
    progress: () => {},
    now: new Date('2026-01-01T00:00:00Z'),
    ...options,
  })
}

test.runIf(majors.includes(14))('one report on 14 and 18', async () => {
  const repository = await workspace()
  const config = { production: { version: '16.3' } }
  const report = await checked(repository, { pgVersions: [14, 18], config })
  expect(report.servers?.map(({ version }) => version.split('.')[0])).toEqual(['14', '18'])
  expect(report.server?.version).toMatch(/^18/)
  const found = report.findings.map(({ ruleId, span, majors: on }) => [ruleId, span.file.slice(14, 16), on])
  expect(found).toContainEqual(['migration-fails', 'V2', [14]])
  expect(found).toContainEqual(['require-concurrent-index', 'V2', undefined])
  expect(found).toContainEqual(['require-checked-not-null', 'V3', undefined])
  expect(report.notChecked.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^On Postgres 14: db\/migrations\/V3__total\.sql was not rehearsed/),
    expect.stringMatching(
      /^Production runs Postgres 16\.3; this was rehearsed on 14\.\d+ and 18\.\d+, because those were asked for: /,
    ),
  ])
  expect(report.exitCode).toBe(1)
})

test('refuses before anything runs what is not installed', async () => {
  const repository = await workspace()
  const progress: string[] = []
  const attempt = checked(repository, { pgVersions: [17, 18], progress: (line) => progress.push(line) })
  await expect(attempt).rejects.toThrow(/^Postgres 17 is not installed \(installed: 18/)
  expect(progress).toEqual([])
})

test('says without a server which version was predicted for', async () => {
  const repository = await workspace()
  const config = { production: { version: '16.3' } }
  const asked = await checked(repository, { config, replay: false, pgVersion: 18 })
  expect(asked.notChecked.map(({ message }) => message)).toEqual([
    'Production runs Postgres 16.3; this was predicted for 18, because that was asked for: locks, rewrites and what ' +
      'Postgres accepts may differ.',
  ])
  expect((await checked(repository, { config, replay: false })).notChecked).toEqual([])
})
