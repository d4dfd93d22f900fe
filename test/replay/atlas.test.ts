import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { atlasSetup, readAtlas } from '../atlas/forms.ts'
import { AtlasLaboratory } from '../atlas/measure-form.ts'
import { majors, openMajor } from './servers.ts'

describe.each(majors)('what docs/locks.md says of PostgreSQL %i', (major) => {
  let server: PostgresServer
  let laboratory: AtlasLaboratory

  beforeAll(async () => {
    server = await openMajor(major)
    laboratory = await AtlasLaboratory.open(server, atlasSetup)
  })
  afterAll(async () => {
    await laboratory[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  it.each(readAtlas())('is what $id do there', async ({ forms }) => {
    const measured: string[] = []
    for (const { sql } of forms) measured.push(`${sql}: ${await laboratory.measure(sql)}`)
    expect(measured).toEqual(forms.map(({ sql, outcomes }) => `${sql}: ${outcomes.get(major)}`))
  })
})
