import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/** A check against a JSON schema of the repository: the errors as lines, none when it is valid. */
export async function schemaErrors(path: string): Promise<(value: unknown) => readonly string[]> {
  const schema = JSON.parse(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')) as object
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  return (value) => {
    validate(value)
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
}
