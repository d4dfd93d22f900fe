import { stringify } from 'yaml'
import { inputJsonSchema, type JsonSchema } from './config-schema.ts'

/** The reference part of docs/configuration.md: one heading per key. */
export function configurationReference(): string {
  return sections('', inputJsonSchema()).join('\n\n')
}

function sections(prefix: string, schema: JsonSchema): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`
    const nested = [child, ...(child.anyOf ?? [])].find((option) => option.properties !== undefined)
    return [section(name, child), ...(nested === undefined ? [] : sections(name, nested))]
  })
}

function section(name: string, schema: JsonSchema): string {
  const facts = [`Type: ${typeOf(schema)}`]
  if (schema.default !== undefined) facts.push(`Default: \`${JSON.stringify(schema.default)}\``)
  const example = schema.examples?.[0] ?? schema.default
  const lines = [`### \`${name}\``, '', schema.description ?? '', '', facts.join(' · ')]
  if (example !== undefined) lines.push('', '```yaml', yamlOf(name, example), '```')
  return lines.join('\n')
}

/** The example under its key, as one would write it in pgrehearse.config.yaml. */
function yamlOf(name: string, example: unknown): string {
  const value = name.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), example)
  return stringify(value, { lineWidth: 0 }).trimEnd()
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' | ')
  const types = schema.anyOf?.map(({ type }) => type).join(' ')
  if (types === 'integer string') return 'duration'
  if (types === 'number string') return 'rate'
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`
  if (schema.type !== 'object') return schema.type ?? 'object with functions'
  const values = schema.additionalProperties
  return typeof values === 'object' ? `object, name to ${typeOf(values)}` : 'object'
}
