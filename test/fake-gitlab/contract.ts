/** Holds every request and response against GitLab's own OpenAPI, with the written divergences applied. */
import { readFileSync } from 'node:fs'

import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

import { divergences } from './divergences.ts'

export interface Schema {
  readonly [keyword: string]: unknown
  properties?: Record<string, Schema>
}

export interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  responses: Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
}

export interface Spec {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, Schema> }
}

/** One sentence: which request or response, and what is not in the contract. */
export type Violation = string

const json = 'application/json'
const spec = readSpec()
const strict = compiler(false)
const coercing = compiler(true)
const validators = new Map<string, ValidateFunction>()

/** What of a request is not declared: operation, query parameters, body fields and their types. */
export function requestViolations(
  method: string,
  template: string,
  query: URLSearchParams,
  body: unknown,
  contentType: string | undefined,
): readonly Violation[] {
  const name = `${method} ${template}`
  const operation = spec.paths[template]?.[method.toLowerCase()]
  if (operation === undefined) return [`${name} is not in the contract`]
  const declared = new Set((operation.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name))
  const found = [...new Set(query.keys())]
    .filter((key) => !declared.has(key.replace(/\[.*/, '')))
    .map((key) => `${name}: query parameter ${key} is not declared`)
  const schema = operation.requestBody?.content[json]?.schema
  if (body === undefined) {
    const required = schema === undefined ? undefined : deref(schema)['required']
    return Array.isArray(required) ? [...found, `${name}: the body is missing`] : found
  }
  if (schema === undefined) return [...found, `${name}: a body is not declared`]
  const isForm = contentType === undefined || !contentType.startsWith(json)
  const copy: unknown = structuredClone(body)
  return [...found, ...check(`${name} request`, schema, copy, isForm)]
}

/** What of a response is not declared: its status or its body. */
export function responseViolations(
  method: string,
  template: string,
  status: number,
  body: unknown,
): readonly Violation[] {
  const name = `${method} ${template} ${status}`
  const response = spec.paths[template]?.[method.toLowerCase()]?.responses[String(status)]
  if (response === undefined) return [`${name} is not declared`]
  const schema = response.content?.[json]?.schema
  if (schema === undefined) return body === undefined ? [] : [`${name}: a body is not declared`]
  if (body === undefined) return [`${name}: the body is missing`]
  return check(`${name} response`, schema, body, false)
}

function check(name: string, schema: Schema, value: unknown, isForm: boolean): readonly Violation[] {
  const key = `${name} ${isForm ? 'form' : 'json'}`
  const known = validators.get(key) ?? (isForm ? coercing : strict).compile(closed(rooted(schema)))
  validators.set(key, known)
  if (known(value)) return []
  return (known.errors ?? []).map((error) => {
    const extra: unknown = error.params['additionalProperty']
    const what = typeof extra === 'string' ? ` (${extra})` : ''
    return `${name}: ${error.instancePath === '' ? 'body' : error.instancePath} ${error.message ?? ''}${what}`
  })
}

function readSpec(): Spec {
  const url = new URL('openapi-excerpt.json', import.meta.url)
  const document: Spec = JSON.parse(readFileSync(url, 'utf8'))
  for (const divergence of divergences) divergence.apply(document)
  const { schemas } = document.components
  for (const [name, schema] of Object.entries(schemas)) schemas[name] = closed(rooted(schema))
  return document
}

function compiler(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes })
  addFormats.default(ajv)
  for (const [name, schema] of Object.entries(spec.components.schemas)) ajv.addSchema(schema, name)
  return ajv
}

/** References by the plain name of the schema, as they are registered. */
function rooted(schema: Schema): Schema {
  const text = JSON.stringify(schema).replaceAll('"#/components/schemas/', '"')
  const copy: Schema = JSON.parse(text)
  return copy
}

/** Fields that are not declared are violations, at every depth. */
function closed(schema: Schema): Schema {
  const entries = Object.entries(schema).map(([key, value]) => {
    if (key === 'properties' && isSchema(value))
      return [
        key,
        Object.fromEntries(
          Object.entries(value).map(([name, part]) => [name, isSchema(part) ? closed(part) : part]),
        ),
      ]
    if (key === 'anyOf' && Array.isArray(value)) return [key, value.map((part: Schema) => closed(part))]
    return [key, key === 'items' && isSchema(value) ? closed(value) : value]
  })
  const copy: Schema = Object.fromEntries(entries)
  const isClosed = copy.properties !== undefined && !('additionalProperties' in copy)
  return isClosed ? { ...copy, additionalProperties: false } : copy
}

function deref(schema: Schema): Schema {
  const ref = schema['$ref']
  if (typeof ref !== 'string') return schema
  return spec.components.schemas[ref.replace('#/components/schemas/', '')] ?? schema
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
