/** What other tools get wrong, replayed: see test/near-misses/cases.yaml. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { exampleOf, nearMisses, saidOf } from '../near-misses/near-misses.ts'
import { rehearseExample } from './replay-example.ts'
import { openMajor } from './servers.ts'

let server: PostgresServer
beforeAll(async () => {
  await loadParser()
  server = await openMajor(18)
})
afterAll(() => server[Symbol.asyncDispose]())

// what sizes say rests on prices, which these are not asked for
const measured = nearMisses().filter(({ rows }) => Object.keys(rows).length === 0)

test.each(measured)('measures of $title what is said of it', async (nearMiss) => {
  const { findings, limits } = await rehearseExample(server, exampleOf(nearMiss))
  expect(limits.filter(({ code }) => code === 'not-rehearsed' || code === 'history-step-failed')).toEqual([])
  expect(saidOf(findings)).toEqual(nearMiss.says.toSorted())
})
