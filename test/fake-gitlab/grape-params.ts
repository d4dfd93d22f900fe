/** Grape's coercion and validation of parameters; its refusals are `{"error": "body is missing"}`. */
import { badParameter } from './errors.ts'
import { isParams } from './http-input.ts'
import type { Params } from './http-input.ts'
import type { LineEnd, Position } from './model.ts'

/** A string parameter; null when absent. Blank text is a value unless `allowBlank` is false. */
export function optionalString(params: Params, name: string, allowBlank = true): string | null {
  const value = params[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'object') throw badParameter(`${name} is invalid`)
  const text = String(value)
  if (!allowBlank && text.trim() === '') throw badParameter(`${name} is empty`)
  return text
}

export function requiredString(params: Params, name: string): string {
  if (!(name in params)) throw badParameter(`${name} is missing`)
  return optionalString(params, name) ?? ''
}

export function optionalBoolean(params: Params, name: string): boolean | null {
  const value = params[name]
  if (value === undefined || value === null || value === '') return null
  if (value === true || value === 'true' || value === '1' || value === 't' || value === 1) return true
  if (value === false || value === 'false' || value === '0' || value === 'f' || value === 0) return false
  throw badParameter(`${name} is invalid`)
}

export function optionalInteger(params: Params, name: string, label = name): number | null {
  const value = params[name]
  if (value === undefined || value === null || value === '') return null
  const number = typeof value === 'number' ? value : Number(String(value))
  if (!Number.isInteger(number) || typeof value === 'object') throw badParameter(`${label} is invalid`)
  return number
}

/** One of a list of words, with its default. */
export function choice(params: Params, name: string, values: readonly string[], fallback: string): string {
  const value = optionalString(params, name) ?? fallback
  if (!values.includes(value)) throw badParameter(`${name} does not have a valid value`)
  return value
}

/** The `position` of a note; null when absent. Its commits and type are required [OpenAPI]. */
export function optionalPosition(params: Params): Position | null {
  const raw = params['position']
  if (raw === undefined || raw === null || raw === '') return null
  if (!isParams(raw)) throw badParameter('position is invalid')
  const missing = ['base_sha', 'start_sha', 'head_sha', 'position_type'].filter((name) => !(name in raw))
  if (missing.length > 0) throw badParameter(missing.map((name) => `position[${name}] is missing`).join(', '))
  const type = optionalString(raw, 'position_type') ?? ''
  if (!['text', 'image', 'file'].includes(type))
    throw badParameter('position[position_type] does not have a valid value')
  return {
    base_sha: optionalString(raw, 'base_sha') ?? '',
    start_sha: optionalString(raw, 'start_sha') ?? '',
    head_sha: optionalString(raw, 'head_sha') ?? '',
    // Neither stands in for the other [src formatters/base_formatter.rb].
    old_path: optionalString(raw, 'old_path'),
    new_path: optionalString(raw, 'new_path'),
    position_type: type,
    old_line: optionalInteger(raw, 'old_line', 'position[old_line]'),
    new_line: optionalInteger(raw, 'new_line', 'position[new_line]'),
    line_range: lineRange(raw['line_range']),
  }
}

function lineRange(value: unknown): Position['line_range'] {
  if (!isParams(value)) return null
  return { start: lineEnd(value['start']), end: lineEnd(value['end']) }
}

function lineEnd(value: unknown): LineEnd {
  const end: Params = isParams(value) ? value : {}
  return {
    line_code: optionalString(end, 'line_code'),
    type: optionalString(end, 'type'),
    old_line: optionalInteger(end, 'old_line'),
    new_line: optionalInteger(end, 'new_line'),
  }
}
