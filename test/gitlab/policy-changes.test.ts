import { describe, expect, it } from 'vitest'
import { readDiff } from '../../src/gitlab/diff.ts'
import { namedFiles, policyChanges, type NamedFiles } from '../../src/gitlab/policy-changes.ts'
import type { PolicyChange } from '../../src/gitlab/model.ts'
import { pricedReport } from '../reporters/sample-costs.ts'
import { DiffedWorkspace } from './diffed-workspace.ts'

type Files = Readonly<Record<string, string>>

async function changesBetween(
  before: Files,
  after: Files,
  named: Partial<NamedFiles> = {},
): Promise<readonly PolicyChange[]> {
  const folder = await DiffedWorkspace.create(before)
  const gone = Object.keys(before).filter((name) => !(name in after))
  await Promise.all(gone.map((name) => folder.remove(name)))
  await folder.write(after)
  return policyChanges(readDiff(await folder.diff()), named)
}

const allow = '-- pgrehearse-allow require-lock-timeout: the table is empty'

describe('policyChanges', () => {
  it('lists baselines and configurations: those that the report names, and those of the usual name', async () => {
    const [finding] = pricedReport.findings
    if (finding === undefined) throw new Error('the sample report has no findings')
    const allowed = { reason: 'x', baseline: 'accepted.yaml' }
    const report = {
      findings: [{ ...finding, allowed }],
      project: { prefix: 'app/', commit: 'c' },
      settings: { ...pricedReport.settings, configExtends: ['../shared/base.yaml'] },
    }
    const before = { 'app/accepted.yaml': 'a\n', 'accepted.yaml': 'a\n', 'shared/base.yaml': 'a\n' }
    const after = Object.keys({ ...before, 'x/.pgrehearse-baseline.yaml': '' }).map((file) => [file, 'b\n'])
    const found = await changesBetween(before, Object.fromEntries(after) as Files, namedFiles(report))
    expect(found.map((change) => [change.kind, change.file])).toEqual([
      ['baseline', 'app/accepted.yaml'],
      ['configuration', 'shared/base.yaml'],
      ['baseline', 'x/.pgrehearse-baseline.yaml'],
    ])
  })

  it("lists files with production's sizes: those that the report used, and those of the usual name", async () => {
    const sizesFrom = namedFiles(pricedReport)
    const found = await changesBetween(
      { 'db/production-snapshot.json': '{"rows": 1}\n', configuration: 'x\n' },
      {
        'db/production-snapshot.json': '{"rows": 2}\n',
        'a/pgrehearse-snapshot.json': '{}\n',
        configuration: 'y\n',
      },
      sizesFrom,
    )
    expect(found).toEqual([
      {
        kind: 'production',
        file: 'a/pgrehearse-snapshot.json',
        change: 'added',
        patch: '@@ -0,0 +1 @@\n+{}',
      },
      {
        kind: 'production',
        file: 'db/production-snapshot.json',
        change: 'edited',
        patch: '@@ -1 +1 @@\n-{"rows": 1}\n+{"rows": 2}',
      },
    ])
  })

  it('lists configuration files that are added, edited and deleted, in any folder, with their patch', async () => {
    const found = await changesBetween(
      { 'pgrehearse.config.ts': 'export default {}\n', 'services/a/pgrehearse.config.yml': 'rules: {}\n' },
      { 'pgrehearse.config.ts': 'export default { rules: {} }\n', 'b/pgrehearse.config.json': '{}\n' },
    )
    expect(found).toEqual([
      {
        kind: 'configuration',
        file: 'b/pgrehearse.config.json',
        change: 'added',
        patch: '@@ -0,0 +1 @@\n+{}',
      },
      {
        kind: 'configuration',
        file: 'pgrehearse.config.ts',
        change: 'edited',
        patch: '@@ -1 +1 @@\n-export default {}\n+export default { rules: {} }',
      },
      {
        kind: 'configuration',
        file: 'services/a/pgrehearse.config.yml',
        change: 'deleted',
        patch: '@@ -1 +0,0 @@\n-rules: {}',
      },
    ])
  })

  it('takes a renamed configuration for one that goes and one that comes', async () => {
    const text = 'export default {}\n'
    const moved = await changesBetween({ 'a/pgrehearse.config.ts': text }, { 'b/pgrehearse.config.ts': text })
    expect(moved.map((change) => [change.file, change.kind === 'configuration' && change.change])).toEqual([
      ['a/pgrehearse.config.ts', 'deleted'],
      ['b/pgrehearse.config.ts', 'added'],
    ])
    const away = await changesBetween({ 'pgrehearse.config.ts': text }, { 'pgrehearse.config.ts.off': text })
    expect(away.map((change) => [change.file, change.kind === 'configuration' && change.change])).toEqual([
      ['pgrehearse.config.ts', 'deleted'],
    ])
  })

  it('does not take other files for configuration', async () => {
    const names = ['not-pgrehearse.config.ts', 'pgrehearse.config.ts/x', 'pgrehearse.config.toml']
    expect(await changesBetween({}, Object.fromEntries(names.map((name) => [name, 'x\n'])))).toEqual([])
  })

  it('cuts a long patch', async () => {
    const many = await changesBetween({}, { 'pgrehearse.config.js': '// x\n'.repeat(500) })
    const long = await changesBetween({}, { 'pgrehearse.config.js': `// ${'x'.repeat(100_000)}\n` })
    for (const [change] of [many, long]) {
      const patch = change?.kind === 'configuration' ? change.patch : ''
      expect(patch.length).toBeLessThan(4100)
      expect(patch.split('\n').length).toBeLessThan(70)
      expect(patch).toMatch(/\n…$/)
    }
  })

  it('lists allow comments that are new in any file, with their lines', async () => {
    const found = await changesBetween(
      { 'a.sql': 'SELECT 1;\n' },
      { 'a.sql': `SELECT 1;\n  ${allow}  \r\nSELECT 2;\n`, 'b.ts': `sql\`\n\t${allow}\n\`` },
    )
    expect(found).toEqual([
      { kind: 'allow', file: 'a.sql', line: 2, text: allow },
      { kind: 'allow', file: 'b.ts', line: 2, text: allow },
    ])
  })

  it('is silent about comments that were there, were moved, or went away', async () => {
    const other = `${allow} now`
    const found = await changesBetween(
      { 'a.sql': `${allow}\nSELECT 1;\n`, 'b.sql': `${other}\nSELECT 2;\n`, 'c.sql': `${allow}\n` },
      { 'a.sql': `${allow}\nSELECT 1;\nSELECT 3;\n`, 'b.sql': `SELECT 2;\nSELECT 4;\n  ${other}\n` },
    )
    expect(found).toEqual([])
  })

  it.each(['\r', '\u2028', '\u2029'])(
    'sees a comment behind a character that ends a line for some: %j',
    async (end) => {
      const found = await changesBetween({}, { 'a.sql': `-- nothing here${end}${allow}\nALTER TABLE t;\n` })
      expect(found).toEqual([{ kind: 'allow', file: 'a.sql', line: 1, text: allow }])
    },
  )

  it('takes a comment that was moved to another file for a new one: it accepts something else there', async () => {
    const found = await changesBetween(
      { 'a.sql': `${allow}\nSELECT 1;\nSELECT 2;\n`, 'b.sql': 'SELECT 1;\n' },
      { 'a.sql': 'SELECT 1;\nSELECT 2;\n', 'b.sql': `SELECT 1;\n${allow}\nALTER TABLE t;\n` },
    )
    expect(found).toEqual([{ kind: 'allow', file: 'b.sql', line: 2, text: allow }])
  })

  it('counts: a comment that was moved and copied is new once', async () => {
    const found = await changesBetween(
      { 'a.sql': `${allow}\nSELECT 1;\nSELECT 2;\n` },
      { 'a.sql': `SELECT 1;\n${allow}\nSELECT 2;\n${allow}\n` },
    )
    expect(found).toHaveLength(1)
  })
})
