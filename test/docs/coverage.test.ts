import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import { reservedFindings } from '../../src/judge/reserved.ts'

const page = await readFile(new URL('../../docs/coverage.md', import.meta.url), 'utf8')
/** Every hazard of the survey, one per line. */
const hazards = (await readFile(new URL('hazards.txt', import.meta.url), 'utf8')).trim().split('\n')

interface Row {
  readonly hazards: readonly string[]
  readonly decision: string
  /** Rules with the messages that are named behind them. */
  readonly rules: readonly { readonly id: string; readonly message: string | undefined }[]
  readonly reserved: readonly string[]
  readonly where: string
  readonly why: string
}

const rows = page.split('\n').flatMap((line): readonly Row[] => {
  const [, hazard = '', decision = '', where = '', why = ''] = line.split('|').map((cell) => cell.trim())
  if (!hazard.startsWith('`')) return []
  return [
    {
      hazards: [...hazard.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
      decision,
      rules: [...where.matchAll(/\[([a-z-]+)\]\(\.\.\/rules\/\1\/README\.md\)(?: `(\w+)`)?/g)].map(
        (match) => ({
          id: match[1] ?? '',
          message: match[2],
        }),
      ),
      reserved: [...where.matchAll(/\[([a-z-]+)\]\(reserved-findings\.md#\1\)/g)].map(
        (match) => match[1] ?? '',
      ),
      where,
      why,
    },
  ]
})

const presetOf = new Map(rules.map(({ id, preset = 'recommended' }) => [id, preset]))

test('decides about every hazard of the survey, once', () => {
  expect(rows.flatMap((row) => row.hazards).toSorted()).toEqual(hazards)
  expect(new Set(hazards).size).toBe(hazards.length)
})

test('names rules and messages that there are', () => {
  const messagesOf = new Map(rules.map(({ id, messages }) => [id, Object.keys(messages)]))
  const named = rows.flatMap((row) => row.rules)
  expect(named.filter(({ id }) => !messagesOf.has(id))).toEqual([])
  const isThere = ({ id, message }: (typeof named)[number]): boolean =>
    message === undefined || messagesOf.get(id)?.includes(message) === true
  expect(named.filter((one) => !isThere(one))).toEqual([])
})

test('names reserved findings that there are', () => {
  const ids: readonly string[] = reservedFindings.map(({ id }) => id)
  for (const { hazards: named, reserved } of rows)
    for (const id of reserved) expect(ids, named.join()).toContain(id)
})

test('says rightly who says it', () => {
  const isOptIn = (id: string): boolean => presetOf.get(id) !== 'recommended'
  // an option of a recommended rule has to be asked for, too
  const hasOptions = new Set(rules.flatMap(({ id, options }) => (options === undefined ? [] : [id])))
  const wrong = rows.filter(({ decision, rules: said, where, why }) => {
    switch (decision) {
      case 'rule':
        return said.length === 0 || said.some(({ id }) => isOptIn(id))
      case 'opt-in':
        return said.length === 0 || said.some(({ id }) => !isOptIn(id) && !hasOptions.has(id))
      case 'engine':
        return where === ''
      case 'left out':
        return where !== '' || why.length < 10
      default:
        return true
    }
  })
  expect(wrong.map((row) => row.hazards)).toEqual([])
})

test('has a place for every rule', () => {
  const named = new Set(rows.flatMap((row) => row.rules.map(({ id }) => id)))
  expect(rules.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([])
})
