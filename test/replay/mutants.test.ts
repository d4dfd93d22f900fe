/** The changes to examples that only a server can judge: see test/rules/mutants.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { mutantsOf, ownFindings, readMutations, type Mutant, type Mutations } from '../rules/mutants.ts'
import { ruleFolders } from '../rules/run-example.ts'
import { rehearseExample } from './replay-example.ts'
import { openMajor } from './servers.ts'

// the rule folders are read when tests are collected, and their SQL is parsed then
await loadParser()

function replayed(id: string, kind: keyof Mutations): readonly Mutant[] {
  const mutations = readMutations(id)
  return mutations === undefined ? [] : mutantsOf(id, kind, mutations).filter(({ replay }) => replay)
}

describe('on PostgreSQL 18', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await openMajor(18)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(ruleFolders().filter((id) => replayed(id, 'harmful').length > 0))(
    '%s finds what makes its good examples harmful',
    async (id) => {
      for (const { title, mutant } of replayed(id, 'harmful')) {
        const { findings } = await rehearseExample(server, mutant)
        expect(ownFindings(mutant, findings), title).not.toEqual([])
      }
    },
  )

  test.each(ruleFolders().filter((id) => replayed(id, 'harmless').length > 0))(
    '%s is silent about what makes its bad examples harmless',
    async (id) => {
      for (const { title, original, mutant } of replayed(id, 'harmless')) {
        const before = ownFindings(original, (await rehearseExample(server, original)).findings)
        const after = ownFindings(mutant, (await rehearseExample(server, mutant)).findings)
        expect(after.length, `${title}: ${after.join(', ')}`).toBeLessThan(before.length)
      }
    },
  )
})
