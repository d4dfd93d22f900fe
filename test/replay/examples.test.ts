import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors } from '../postgres/servers.ts'
import { needsServer, outputFile, pageReport, printed, shownExample } from '../rules/page.ts'
import { expectedLines, foundLines, loadExamples, ruleFolders } from '../rules/run-example.ts'
import { rehearseExample, rehearseExamples } from './replay-example.ts'
import { openMajor } from './servers.ts'

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(ruleFolders())('the examples of %s find exactly what their comments say', async (id) => {
    for (const { example, findings, limits } of await rehearseExamples(server, loadExamples(id))) {
      expect(foundLines(example, findings), example.file).toEqual(expectedLines(example, 'replay'))
      const missed = limits.filter(({ code }) => code === 'not-rehearsed' || code === 'history-step-failed')
      expect(missed, example.file).toEqual([])
    }
  })

  test.runIf(major === 18).each(ruleFolders().filter(needsServer))(
    'what the page of %s says is what the tool says',
    async (id) => {
      const { results, findings, queries } = await rehearseExample(server, shownExample(id))
      const output = printed(pageReport(results, findings, queries))
      await expect(`${output}\n`).toMatchFileSnapshot(outputFile(id))
    },
  )
})
