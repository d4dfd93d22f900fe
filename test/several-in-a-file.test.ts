import { expect, test } from 'vitest'
import { check } from '../src/check.ts'
import type { Report } from '../src/core/model.ts'
import { readDiff } from '../src/gitlab/diff.ts'
import { placeFindings } from '../src/gitlab/place.ts'
import { statementOf } from '../src/reporters/effects.ts'
import { loadReporter } from '../src/reporters/index.ts'
import { migrationName, migrationOf } from '../src/reporters/migration-of.ts'
import { groupByFile } from '../src/reporters/words.ts'
import { historyKey } from '../src/replay/history-key.ts'
import { decideReviewSet } from '../src/review/review-set.ts'
import { loadParser, parseScript } from '../src/sql/parse.ts'
import { layOutTransactions } from '../src/sql/transactions.ts'
import { changelogSource } from './review/changelog-source.ts'
import { cleanEnv, repositoryWith } from './review/repository.ts'

const file = 'db/changelog.sql'

const old = `-- our changes
--change ann:1
create table orders (id bigint primary key, note text, price int);
`

const fresh = `
-- pgrehearse-allow ban-drop-column: nobody reads it
--change ann:2
alter table orders drop column note;

--change bob:3
set lock_timeout = '1s';
-- pgrehearse-allow ban-drop-column: nothing to accept
create table small (id bigint primary key);
alter table orders drop column price;

--change bob:4
create table other (id bigint primary key);
`

async function lint(): Promise<{ report: Report; diff: string }> {
  const repository = await repositoryWith({ [file]: old })
  await repository.write({ [file]: old + fresh })
  const report = await check({
    cwd: repository.path,
    paths: [],
    all: false,
    replay: false,
    failOn: 'error',
    requireRehearsal: false,
    sharedServer: false,
    superuser: false,
    config: { customSources: [changelogSource] },
    env: cleanEnv,
    signal: new AbortController().signal,
    progress: () => undefined,
    now: new Date('2026-01-01T00:00:00Z'),
  })
  return { report, diff: await repository.git('diff', '--src-prefix=a/', '--dst-prefix=b/') }
}

test('migrations of one file have their own findings, comments and places', async () => {
  const { report, diff } = await lint()
  expect(report.migrations.map((migration) => migrationName(report, migration))).toEqual([
    'db/changelog.sql (ann:2)',
    'db/changelog.sql (bob:3)',
    'db/changelog.sql (bob:4)',
  ])
  const drops = report.findings.filter(({ ruleId }) => ruleId === 'ban-drop-column')
  expect(drops.map(({ span, allowed }) => [span.start.line, allowed?.reason])).toEqual([
    [7, 'nobody reads it'],
    [13, undefined],
  ])
  expect(drops.map((finding) => migrationOf(report, finding)?.id)).toEqual(['ann:2', 'bob:3'])
  expect(drops.map((finding) => statementOf(report, finding)?.span.start.line)).toEqual([7, 13])
  const needless = report.findings.filter(({ ruleId }) => ruleId === 'needless-allow')
  expect(needless.map(({ span }) => span.start.line)).toEqual([11])
  const groups = groupByFile(report)
  expect(groups.flatMap(({ findings }) => findings)).toEqual(report.findings)
  expect(groups.map(({ name, findings }) => [name, findings.length > 0])).toEqual([
    ['db/changelog.sql (ann:2)', true],
    ['db/changelog.sql (bob:3)', true],
    ['db/changelog.sql (bob:4)', false],
  ])
  const places = placeFindings(report, readDiff(`${diff}\n`))
  expect(drops.map((finding) => places.get(finding)?.newLine)).toEqual([7, 13])
})

test('the report names each of them once', async () => {
  const { report } = await lint()
  const terminal = await loadReporter('terminal')
  const text = terminal(report, { color: false, width: 110 })
  expect(text.match(/^db\/changelog\.sql \(ann:2\)$/gm)).toHaveLength(1)
  expect(text).toContain('db/changelog.sql (bob:4)')
  expect(text).toContain('alter table orders drop column price;')
})

test('a kept history stays good when the file of its scripts gains another', async () => {
  const keyOf = async (text: string): Promise<string | undefined> => {
    const repository = await repositoryWith({ [file]: text })
    const { underReview } = await decideReviewSet({
      cwd: repository.path,
      paths: [],
      all: true,
      env: cleanEnv,
      sources: [changelogSource],
    })
    return historyKey({}, layOutTransactions(underReview.map(parseScript), true)).scripts[0]
  }
  await loadParser()
  expect(await keyOf(old + fresh)).toBe(await keyOf(old))
  expect(await keyOf(old.replace('price', 'prize'))).not.toBe(await keyOf(old))
})
