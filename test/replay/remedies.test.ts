import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../rules/index.ts'
import type { MigrationResult } from '../../src/core/model.ts'
import { judge } from '../../src/judge/judge.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors } from '../postgres/servers.ts'
import { remedyRuns } from '../rules/remedies.ts'
import { lintExample, loadExamples, ruleFolders, today } from '../rules/run-example.ts'
import { rehearse } from './replay-example.ts'
import { openMajor } from './servers.ts'

/** The examples themselves are replayed on 14 as well; the pipeline replays their remedies on every major. */
const replayed = process.env['PGREHEARSE_MAJORS'] === undefined ? [18] : majors

describe.each(replayed)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(ruleFolders())('the remedies of %s run, and are found harmless', async (id) => {
    for (const example of loadExamples(id)) {
      for (const run of remedyRuns(example, lintExample(example))) {
        const { results } = await rehearse(server, run.history, run.review)
        expect(failures(results), `${example.file}: ${run.finding.message}`).toEqual([])
        const left = judge({ migrations: results, rules, allows: run.allows, today }).findings.filter(
          ({ ruleId, severity, allowed }) => ruleId === id && severity !== 'info' && allowed === undefined,
        )
        expect(
          left.map(({ message }) => message),
          `${example.file}: ${run.finding.message}`,
        ).toEqual([])
      }
    }
  })
})

/** Steps that failed or were not executed. */
function failures(results: readonly MigrationResult[]): readonly string[] {
  return results.flatMap(({ migration, outcome, statements }) => {
    const errors = statements.flatMap(({ effects }) =>
      effects.flatMap((effect) => (effect.kind === 'error' ? [`${migration.file}: ${effect.message}`] : [])),
    )
    return outcome === 'rehearsed' ? errors : [...errors, `${migration.file}: ${outcome}`]
  })
}
