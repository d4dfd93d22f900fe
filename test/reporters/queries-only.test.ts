import { expect, test } from 'vitest'
import { queriesPart } from '../../src/report.ts'
import { terminal } from '../../src/reporters/terminal.ts'
import { queriesReport } from './sample-queries.ts'

const options = { color: false, width: 100 }

test('the part about queries leaves out what is about migrations alone, and its exit code', () => {
  const about = queriesReport.findings.filter(
    ({ query, queries }) => query !== undefined || queries !== undefined,
  )
  expect(about.length).toBeGreaterThan(0)
  const alone = queriesReport.findings.filter((finding) => !about.includes(finding))
  const withBoth = { ...queriesReport, findings: [...alone, ...about] }
  const part = queriesPart(withBoth)
  expect(part.findings).toEqual(about)
  expect(part.harmless).toEqual([])
  expect(queriesPart({ ...withBoth, findings: alone }).exitCode).toBe(0)
})

test('migrations without such findings are counted, and not called clean', () => {
  const part = queriesPart({ ...queriesReport, findings: [] })
  const text = terminal(part, options)
  expect(part.migrations.length).toBeGreaterThan(0)
  for (const { file } of part.migrations) expect(text).not.toContain(`✓ ${file}`)
  expect(text).toMatch(/Checked .*\d+ migrations?/)
})
