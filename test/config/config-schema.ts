import { z } from 'zod'
import { configSchema } from '../../src/config/schema.ts'

/** The part of JSON schema that ours uses. */
export interface JsonSchema {
  $schema?: string
  $id?: string
  title?: string
  type?: string
  description?: string
  default?: unknown
  examples?: readonly unknown[]
  enum?: readonly unknown[]
  properties?: Record<string, JsonSchema>
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  anyOf?: readonly JsonSchema[]
  pattern?: string
  format?: string
  minimum?: number
  maximum?: number
}

/** JSON schema of everything that can be written, rules and sources of the user's own included. */
export function inputJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      const { example, defaultValue } = jsonSchema
      delete jsonSchema['example']
      delete jsonSchema['defaultValue']
      if (example !== undefined) jsonSchema.examples = [example]
      if (defaultValue !== undefined) jsonSchema.default = defaultValue as typeof jsonSchema.default
    },
  }) as JsonSchema
}

/** JSON schema of what people write in YAML and JSON; functions cannot be written there. */
export function configJsonSchema(): JsonSchema {
  const schema = inputJsonSchema()
  const {
    customRules: _rules,
    customSources: _sources,
    customReporters: _reporters,
    ...properties
  } = schema.properties ?? {}
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'pgrehearse configuration',
    description: 'pgrehearse.config.yaml and pgrehearse.config.json. Every key is optional.',
    ...schema,
    properties,
  }
}
