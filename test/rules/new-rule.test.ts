import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRule } from '../../scripts/new-rule.ts'
import { rulesFolder } from './run-example.ts'

let project: string

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'new-rule-'))
  await cp(rulesFolder, join(project, 'rules'), { recursive: true })
  await cp(join(rulesFolder, '../package.json'), join(project, 'package.json'))
})
afterEach(() => rm(project, { recursive: true }))

test('a new rule is a filled-in copy of the template, and listed', async () => {
  const before = await readFile(join(project, 'rules/index.ts'), 'utf8')
  const folder = await createRule('avoid-new-things', project)
  const rule = await readFile(join(folder, 'rule.ts'), 'utf8')
  expect(rule).toContain("id: 'avoid-new-things'")
  expect(rule).toContain("title: 'Avoid new things'")
  expect(rule).not.toMatch(/__\w+__/)
  const index = await readFile(join(project, 'rules/index.ts'), 'utf8')
  expect(index).toContain("import avoidNewThings from './avoid-new-things/rule.ts'")
  const added = index.split('\n').filter((line) => !before.includes(line))
  expect(added).toEqual(["import avoidNewThings from './avoid-new-things/rule.ts'", '  avoidNewThings,'])
})

test.each(['', 'newthing', 'Avoid-New', 'avoid-', '../avoid-x', 'avoid-table-rewrite'])(
  'an id like %j will not do',
  async (id) => {
    await expect(createRule(id, project)).rejects.toThrow(/rule id is kebab-case|exists already/)
  },
)
