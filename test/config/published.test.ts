import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from './config-schema.ts'
import { configurationReference } from './configuration-page.ts'

const root = new URL('../../', import.meta.url)

describe('what we publish about the configuration', () => {
  it('keeps schemas/config.schema.json equal to the zod schema', async () => {
    const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`
    await expect(text).toMatchFileSnapshot(new URL('schemas/config.schema.json', root).pathname)
  })

  it('keeps the reference in docs/configuration.md equal to the zod schema', async () => {
    const page = new URL('docs/configuration.md', root)
    const [before, rest] = (await readFile(page, 'utf8')).split('<!-- generated:reference -->')
    const after = rest?.split('<!-- end generated -->')[1]
    expect(after, 'the page has lost its marks').toBeDefined()
    const text = `${before}<!-- generated:reference -->\n\n${configurationReference()}\n\n<!-- end generated -->${after}`
    await expect(text).toMatchFileSnapshot(page.pathname)
  })

  it('publishes a JSON schema that accepts what the page shows and refuses unknown keys', () => {
    const validate = new Ajv({ strict: false }).compile(configJsonSchema())
    const shown = Object.entries(configJsonSchema().properties ?? {}).flatMap(([key, { examples }]) =>
      (examples ?? []).map((example) => [key, example] as const),
    )
    expect(shown.length).toBeGreaterThan(3)
    for (const [key, example] of shown) {
      expect(validate({ [key]: example }), `${key}: ${JSON.stringify(validate.errors)}`).toBe(true)
    }
    expect(validate({ migrations: [{ dir: 'a' }], runner: { lockTimeout: '5s' } })).toBe(true)
    expect(validate({ rulez: {} })).toBe(false)
    expect(validate({ customRules: [] }), 'functions cannot be written in YAML').toBe(false)
  })
})
