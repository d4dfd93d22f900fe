import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { snapshotSchema } from '../../src/snapshot/format.ts'
import { sample } from './sample.ts'

const jsonSchema = {
  title: 'pgrehearse snapshot',
  ...z.toJSONSchema(snapshotSchema, { io: 'input', target: 'draft-7' }),
}

it('keeps schemas/snapshot.schema.json equal to the zod schema', async () => {
  const file = new URL('../../schemas/snapshot.schema.json', import.meta.url)
  await expect(`${JSON.stringify(jsonSchema, null, 2)}\n`).toMatchFileSnapshot(file.pathname)
})

it('publishes a JSON schema that accepts a snapshot and refuses unknown keys', () => {
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  const validate = ajv.compile(jsonSchema)
  expect(validate(sample), JSON.stringify(validate.errors)).toBe(true)
  expect(validate({ ...sample, extra: 1 })).toBe(false)
  expect(validate({ ...sample, version: 2 })).toBe(false)
})
