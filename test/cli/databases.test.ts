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

describe('several databases in one repository', () => {
  it('are judged one by one, each with reports of its own; what has nothing to do is one line', async () => {
    const { path: cwd } = await branch({ 'pgrehearse.config.yaml': config })
    const result = await run(['lint', '--format', 'json:report.json'], { cwd })
    expect(result).toMatchObject({ exitCode: 1, stderr: '' })
    expect(result.stdout).toContain('database billing')
    expect(result.stdout).toContain('database catalog')
    expect(result.stdout).toContain('Nothing is under review in search.\n')
    const reports = (await readdir(cwd)).filter((name) => name.startsWith('report')).toSorted()
    expect(reports).toEqual(['report.billing.json', 'report.catalog.json', 'report.search.json'])
    const catalog = JSON.parse(await readFile(path.join(cwd, 'report.catalog.json'), 'utf8')) as unknown
    expect(catalog).toMatchObject({ database: 'catalog', findings: [{ ruleId: 'require-concurrent-index' }] })
  })

  it('are found without a configuration, those that have something to judge', async () => {
    const { path: cwd } = await branch()
    const result = await run(['lint', '--format', 'codequality:cq-{database}.json'], { cwd })
    expect(result).toMatchObject({ exitCode: 1, stderr: '' })
    expect((await readdir(cwd)).filter((name) => name.startsWith('cq'))).toEqual([
      'cq-services-billing.json',
      'cq-services-catalog.json',
      'cq-services-search.json',
    ])
    expect(result.stdout).not.toContain('search')
  })

  it('are one in its reports where one of those that no configuration names has something to judge', async () => {
    const workspace = await branch()
    await workspace.remove('services/billing/db/migrations/000002_paid.up.sql')
    const result = await run(['lint', '--format', 'json:report.json'], { cwd: workspace.path })
    expect(result.stdout).toContain('database services-catalog')
    const report = JSON.parse(await readFile(path.join(workspace.path, 'report.json'), 'utf8')) as unknown
    expect(report).toMatchObject({ database: 'services-catalog' })
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
  })
})
