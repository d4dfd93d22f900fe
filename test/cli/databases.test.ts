import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { repositoryWith, type Workspace } from '../review/repository.ts'
import { gitlabWith, jobOf, notesOfKind } from './review-job.ts'
import { run } from './run.ts'

const base = {
  'services/billing/db/migrations/000001_invoices.up.sql': 'CREATE TABLE invoices (id bigint PRIMARY KEY);\n',
  'services/catalog/migrations/001_items.sql': 'CREATE TABLE items (id bigint PRIMARY KEY, sku text);\n',
  'services/search/migrations/001_terms.sql': 'CREATE TABLE terms (word text);\n',
}

const change = {
  'services/billing/db/migrations/000002_paid.up.sql': 'ALTER TABLE invoices ADD COLUMN paid boolean;\n',
  'services/catalog/migrations/002_sku.sql': 'CREATE INDEX items_sku_idx ON items (sku);\n',
}

const config = `databases:
  - { name: billing, migrations: { dir: services/billing/db/migrations } }
  - { name: catalog, migrations: { dir: services/catalog/migrations } }
  - { name: search, migrations: { dir: services/search/migrations } }
`

async function branch(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const workspace = await repositoryWith({ ...base, ...files })
  await workspace.git('checkout', '--quiet', '-b', 'feature')
  await workspace.write(change)
  return workspace
}

async function readJson(cwd: string, name: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(cwd, name), 'utf8'))
}

describe('several databases in one repository', () => {
  it('are judged one by one, each with reports of its own; what has nothing to do is one line', async () => {
    const { path: cwd } = await branch({ 'pgrehearse.config.yaml': config })
    const formats = ['json:report.json', 'codequality:cq.json', 'junit:junit.xml', 'html:{database}.html']
    const result = await run(['lint', ...formats.flatMap((format) => ['--format', format])], { cwd })
    expect(result).toMatchObject({ exitCode: 1, stderr: '' })
    expect(result.stdout).toContain('database billing')
    expect(result.stdout).toContain('database catalog')
    expect(result.stdout).toContain('Nothing is under review in search.\n')
    const pages = (await readdir(cwd)).filter((name) => name.endsWith('.html')).toSorted()
    expect(pages).toEqual(['billing.html', 'catalog.html', 'search.html'])
    expect(await readJson(cwd, 'report.json')).toMatchObject({
      schemaVersion: 1,
      reports: [
        { database: 'billing', findings: [{ ruleId: 'require-lock-timeout' }] },
        { database: 'catalog', findings: [{ ruleId: 'require-concurrent-index' }] },
        { database: 'search', migrations: [] },
      ],
    })
    expect(await readJson(cwd, 'cq.json')).toMatchObject([
      { fingerprint: expect.stringMatching(/^billing-[0-9a-f]{20}$/) as unknown },
      { fingerprint: expect.stringMatching(/^catalog-[0-9a-f]{20}$/) as unknown },
    ])
    const junit = await readFile(path.join(cwd, 'junit.xml'), 'utf8')
    expect(junit.match(/<testsuites |<\/testsuites>|<\?xml/g)).toHaveLength(3)
    expect(junit).toMatch(/000002_paid[^]*002_sku/)
  })

  it('end a report for people with those that fail, and leave any other on standard output alone', async () => {
    const { path: cwd } = await branch({ 'pgrehearse.config.yaml': config })
    const shown = await run(['lint'], { cwd })
    expect(shown.stdout.split('\n').slice(-4)).toEqual([
      'Nothing is under review in search.',
      '',
      '✗ Failed in catalog (exit code 1).',
      '',
    ])
    const json = await run(['lint', '--format', 'json'], { cwd })
    expect(JSON.parse(json.stdout)).toMatchObject({
      reports: [{ database: 'billing' }, { database: 'catalog' }],
    })
    const html = await run(['lint', '--format', 'html'], { cwd })
    expect(html).toMatchObject({ exitCode: 2, stdout: '' })
    expect(html.stderr).toContain('One html report is about one database, and here are 2.')
    expect(html.stderr).toContain('Write --format html:<file>')
  })

  it('report an entry of their baseline once when its file is gone', async () => {
    const baseline = `version: 1
findings:
  - { file: services/catalog/migrations/000.sql, rule: ban-truncate, object: items, message: x, reason: y, run: all,
      fingerprint: 0123456789abcdef0123 }
`
    const files = { 'pgrehearse.config.yaml': config, '.pgrehearse-baseline.yaml': baseline }
    const { path: cwd } = await branch(files)
    const result = await run(['check', '--all', '--fail-on', 'never', '--format', 'json'], { cwd })
    const { reports } = JSON.parse(result.stdout) as {
      reports: { database: string; findings: { ruleId: string }[] }[]
    }
    const reporting = reports.filter(({ findings }) =>
      findings.some(({ ruleId }) => ruleId === 'needless-baseline-entry'),
    )
    expect(reporting.map(({ database }) => database)).toEqual(['catalog'])
  })

  it('are found without a configuration, those that have something to judge', async () => {
    const { path: cwd } = await branch()
    const result = await run(['lint', '--format', 'html:report.html'], { cwd })
    expect(result).toMatchObject({ exitCode: 1, stderr: '' })
    expect((await readdir(cwd)).filter((name) => name.startsWith('report'))).toEqual([
      'report.services-billing.html',
      'report.services-catalog.html',
    ])
    expect(result.stdout).not.toContain('search')
  })

  it('are one in its reports where one of those that no configuration names has something to judge', async () => {
    const workspace = await branch()
    await workspace.remove('services/billing/db/migrations/000002_paid.up.sql')
    const result = await run(['lint', '--format', 'html:report.html'], { cwd: workspace.path })
    expect(result.stdout).toContain('database services-catalog')
    expect(result.stdout).not.toContain('database services-billing')
    expect(await readdir(workspace.path)).toContain('report.html')
  })

  it('lose nothing of the others when one cannot be judged', async () => {
    const missing = config.replace('services/billing/db/migrations', 'services/billing/sql')
    const { path: cwd } = await branch({ 'pgrehearse.config.yaml': missing })
    const result = await run(['lint'], { cwd })
    expect(result).toMatchObject({ exitCode: 2 })
    expect(result.stderr).toContain('billing: error: There are no files in the migration folder')
    expect(result.stdout).toContain('require-concurrent-index')
  })

  it('have a review each on the merge request', async () => {
    const server = await gitlabWith({ base: { ...base, 'pgrehearse.config.yaml': config }, change })
    const job = await jobOf(server, { variables: { GITLAB_TOKEN: server.botToken } })
    const result = await job.pgrehearse('check', '--no-replay', '--review', 'gitlab')
    expect(result).toMatchObject({ exitCode: 1 })
    const summaries = notesOfKind(server, 'sticky')
    expect(summaries).toHaveLength(2)
    expect(summaries.join('\n')).toMatch(/billing[^]*catalog/)
    expect(result.stderr).toMatch(/^review: billing: Posted: http.*\nreview: catalog: Posted: http/m)
  })
})
