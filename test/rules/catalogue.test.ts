import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import { reservedFindings } from '../../src/judge/reserved.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { isAboutQueries } from './page.ts'
import { loadExamples, ruleFolders, rulesFolder, type Example } from './run-example.ts'

beforeAll(loadParser)

test('the index lists every folder, in alphabetical order', () => {
  expect(rules.map(({ id }) => id)).toEqual(ruleFolders())
})

test('no rule has the id of a reserved finding', () => {
  const reserved = new Set<string>(reservedFindings.map(({ id }) => id))
  expect(rules.filter(({ id }) => reserved.has(id))).toEqual([])
})

test('the reserved findings stand in alphabetical order', () => {
  const ids = reservedFindings.map(({ id }) => id)
  expect(ids).toEqual([...ids].toSorted())
})

/** Messages that no migrating role can bring about; test/rules/catalogue-rules.test.ts shows them. */
const unreachable: Readonly<Record<string, readonly string[]>> = {
  // the triggers of foreign keys are switched off by superusers only
  'ban-disabled-trigger': ['keyUnchecked'],
}

describe.each(rules)('$id', (rule) => {
  const { id } = rule
  const page = (): string => readFileSync(`${rulesFolder}${id}/README.md`, 'utf8')

  test('has a title that asks for something, and no full stop', () => {
    expect(rule.title).toMatch(/^(Require|Avoid|Prefer|Ban) .*[^.]$/)
    expect(id).toMatch(/^(require|avoid|prefer|ban)-[a-z]+(-[a-z]+)*$/)
    expect(rule.title.split(' ')[0]?.toLowerCase()).toBe(id.split('-')[0])
    expect(rule.since).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('has a set-up, bad and good examples', () => {
    expect(existsSync(`${rulesFolder}${id}/setup.sql`)).toBe(true)
    const examples = loadExamples(id)
    const marksOwn = (example: Example): boolean => example.marks.some(({ ruleId }) => ruleId === id)
    expect(examples.filter((example) => example.isBad !== marksOwn(example)).map(({ file }) => file)).toEqual(
      [],
    )
    expect(examples.some(({ isBad }) => isBad)).toBe(true)
    expect(examples.some(({ isBad }) => !isBad)).toBe(true)
  })

  test('shows every message in a bad example', () => {
    const shown = loadExamples(id).flatMap(({ marks }) => marks.flatMap(({ messageId }) => messageId ?? []))
    expect([...new Set([...shown, ...(unreachable[id] ?? [])])].toSorted()).toEqual(
      Object.keys(rule.messages).toSorted(),
    )
  })

  test('says the consequence in one sentence', () => {
    const anything = new Proxy({}, { get: (_, name) => String(name) })
    for (const message of Object.values(rule.messages)) {
      expect(message(anything)).toMatch(/^\S.*[^.]\.$/)
      expect(message(anything)).not.toMatch(/\.\s/)
    }
  })

  test('has a page with all headings in their order', () => {
    const headings = [...page().matchAll(/^## (.+)$/gm)].map((match) => match[1])
    const locks = isAboutQueries(id) ? [] : ['Locks']
    expect(headings).toEqual(['Bad', 'What the tool says', 'Good', 'When not to worry', ...locks, 'Related'])
  })

  test('links to pages that exist', () => {
    const targets = [...page().matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g)].map((match) => match[1] ?? '')
    expect(targets.length).toBeGreaterThan(0)
    for (const target of targets) {
      expect(existsSync(join(dirname(`${rulesFolder}${id}/README.md`), target)), target).toBe(true)
    }
  })
})
