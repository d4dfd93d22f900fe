import { expect, test } from 'vitest'
import { editedMigration, reservedFindings, sourceProblem } from '../../src/judge/reserved.ts'
import { judgeFiles } from './made.ts'
import { sortFindings } from '../../src/judge/sort.ts'

const script = {
  source: 'flyway',
  file: 'db/V1__start.sql',
  version: '1',
  title: 'start',
  text: '',
  start: 0,
  end: 0,
  transaction: { mode: 'file', why: 'Flyway default' },
  repeatable: false,
} as const

test('an edited migration is a warning, a deleted one an error', () => {
  expect(editedMigration({ script, change: 'edited' })).toMatchObject({
    ruleId: 'edited-migration',
    messageId: 'edited',
    severity: 'warning',
    evidence: 'known',
    span: { file: 'db/V1__start.sql', start: { line: 1, column: 1 } },
  })
  expect(editedMigration({ script, change: 'deleted' })).toMatchObject({
    messageId: 'deleted',
    severity: 'error',
  })
})

test('a renamed migration points to its new name', () => {
  const finding = editedMigration({ script, change: 'deleted', renamedTo: 'db/V2__start.sql' })
  expect(finding).toMatchObject({ messageId: 'renamed', severity: 'warning', object: 'db/V1__start.sql' })
  expect(finding.span.file).toBe('db/V2__start.sql')
})

test.each(['duplicate-version', 'unreadable-file', 'refused-by-tool', 'unresolved-placeholder'] as const)(
  'a source’s %s is an error in its own words',
  (code) => {
    const finding = sourceProblem({ code, file: 'a.sql', message: 'It is so.' })
    expect(finding).toMatchObject({
      ruleId: code,
      severity: 'error',
      message: 'It is so.',
      span: { file: 'a.sql' },
    })
  },
)

test('findings about other files stand first, and are judged together with the rest', () => {
  const about = sourceProblem({ code: 'duplicate-version', file: 'z.sql', message: 'Twice.' })
  expect(judgeFiles([], [], { aboutFiles: [about] })).toEqual([about])
  const under = { ...about, span: { ...about.span, file: 'a.sql' } }
  expect(sortFindings([under, about], ['a.sql'])).toEqual([about, under])
})

test('every reserved finding has an explanation', () => {
  for (const { title, explanation } of reservedFindings) {
    expect(title).not.toMatch(/\.$/)
    expect(explanation.length).toBeGreaterThan(40)
  }
})
