import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SchemaCatalogs } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors } from '../postgres/servers.ts'
import { needsServer, outputFile, pageReport, printed, shownExample } from '../rules/page.ts'
import {
  expectedLines,
  foundLines,
  loadExamples,
  misjudged,
  predictWithSchema,
  ruleFolders,
  type Example,
} from '../rules/run-example.ts'
import { catalogDifferences } from './compare-catalogs.ts'
import { rehearseExample, rehearseExamples } from './replay-example.ts'
import { openMajor } from './servers.ts'

/** Where the files tell another schema than the server, of what they tell. */
function foretold({
  example,
  schema,
}: {
  example: Example
  schema: SchemaCatalogs | undefined
}): readonly string[] {
  const { schema: told } = predictWithSchema(example.history, example.review)
  if (told === undefined || schema?.evidence !== 'measured' || unlikeTold.has(example.file)) return []
  return [...catalogDifferences(told.before, schema.before), ...catalogDifferences(told.after, schema.after)]
}

/** A transaction that a file leaves open is rolled back; DETACH … CONCURRENTLY leaves a CHECK behind. */
const unlikeTold: ReadonlySet<string> = new Set([
  'rules/ban-transaction-control/bad.open.sql',
  'rules/avoid-blocking-partition-change/good.sql',
])

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(ruleFolders())('the examples of %s find exactly what their comments say', async (id) => {
    for (const rehearsed of await rehearseExamples(server, loadExamples(id))) {
      const { example, findings, limits } = rehearsed
      expect(foundLines(example, findings), example.file).toEqual(expectedLines(example, 'replay'))
      expect(misjudged(example, findings, 'replay'), example.file).toEqual([])
      const missed = limits.filter(({ code }) => code === 'not-rehearsed' || code === 'history-step-failed')
      expect(missed, example.file).toEqual([])
      expect(foretold(rehearsed), example.file).toEqual([])
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
