import { beforeAll, expect, it } from 'vitest'
import type { Finding, Report } from '../src/core/model.ts'
import { judge } from '../src/judge/judge.ts'
import { buildReport } from '../src/report.ts'
import { loadReporter } from '../src/reporters/index.ts'
import { reporterNames } from '../src/reporters/reporter.ts'
import { defineRule } from '../src/rule.ts'
import { loadParser } from '../src/sql/parse.ts'
import { withoutItsSecrets } from '../src/without-secrets.ts'
import { failure, make } from './judge/made.ts'

beforeAll(loadParser)

const password = 'Sommer2026'
const token = 'glpat-x9Kq2LmN4pR7sT1vW3yZ'
const sql = [
  '-- Sommer2026 is when the reporting begins',
  `CREATE ROLE reporting`,
  `  LOGIN PASSWORD '${password}';`,
  `INSERT INTO tokens VALUES ('${token}');`,
].join('\n')

/** A rule that repeats the statement wherever it can. */
const repeats = defineRule({
  id: 'ban-everything',
  title: 'Ban everything',
  severity: 'error',
  since: '0.1.0',
  messages: { all: ({ text }: { text: string }) => `All of this: ${text}.` },
  statement({ statement, report }) {
    report(
      'all',
      { text: statement.sql },
      {
        because: [],
        notes: [statement.sql],
        remedy: { summary: statement.sql, migrations: [{ sql: statement.sql, transaction: true }] },
      },
    )
  },
})

function reportOf(): Report {
  const effects = [[failure('42710', `role "reporting" exists: PASSWORD '${password}'`)], []]
  const { migrations, allows } = make([{ file: 'V1.sql', sql, effects }])
  const { findings } = judge({ migrations, allows: allows ?? [], rules: [repeats], today: '2026-11-21' })
  const suggested: readonly Finding[] = findings.map((finding) => ({
    ...finding,
    suggestion: { startLine: 2, endLine: 3, lines: [`CREATE ROLE reporting PASSWORD '${password}';`] },
  }))
  return buildReport({
    findings: suggested,
    harmless: [],
    production: undefined,
    results: migrations,
    base: { description: 'paths' },
    project: undefined,
    historyCount: 0,
    timeZone: 'UTC',
    failOn: 'error',
    requireRehearsal: false,
    notChecked: [],
    now: new Date('2026-11-21T00:00:00Z'),
  })
}

it.each(reporterNames)('no report shows a secret: %s', async (name) => {
  const reporter = await loadReporter(name)
  const text = reporter(reportOf(), { color: false, width: 100 })
  expect(text).not.toContain(token)
  expect(text).not.toContain(`'${password}'`)
  expect(text).not.toContain(`&#39;${password}`)
})

it('keeps lines, columns and what only looks like a secret', () => {
  const [migration] = reportOf().migrations
  expect(migration?.text).toBe(
    sql.replace(`'${password}'`, `'${'*'.repeat(password.length)}'`).replace(token, '*'.repeat(token.length)),
  )
})

it('offers no SQL with stars for pasting, nor for `pgrehearse fix`', () => {
  const { findings } = reportOf()
  expect(findings.map(({ suggestion }) => suggestion)).toEqual([undefined, undefined, undefined])
  const repeated = findings.filter(({ ruleId }) => ruleId === 'ban-everything')
  expect(repeated.map(({ remedy }) => remedy?.migrations)).toEqual([[], []])
  for (const { remedy } of repeated)
    expect(remedy?.summary).toMatch(/Its SQL would repeat a secret, and is not shown\.$/)
})

it('hides what stands in comments and in rows of COPY', () => {
  const text = withoutItsSecrets(
    `COPY t FROM stdin;\n1\t${token}\thttps://app:geheim@host/\n\\.\nSELECT 1; -- ${token}\n`,
  )
  expect(text).toBe(
    `COPY t FROM stdin;\n1\t${'*'.repeat(26)}\thttps://app:******@host/\n\\.\nSELECT 1; -- ${'*'.repeat(26)}\n`,
  )
})

it('goes through a text once, however many secrets there are', () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, at) => `ALTER ROLE a PASSWORD 'geheim${at}'; SELECT 'glpat-x9Kq2LmN4pR7sT1vW3yZ${at}';`,
  )
  expect(/geheim|glpat/.exec(withoutItsSecrets(lines.join('\n')))?.index).toBeUndefined()
})
