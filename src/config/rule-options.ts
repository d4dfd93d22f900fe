/** Options of rules as the configuration says them: checked against what the rule declares, and read. */
import { nearest } from '../core/suggest.ts'
import type { RuleOption, RuleOptions } from '../rule.ts'
import { duration } from './parts.ts'
import { patternProblem } from './pattern.ts'

export interface OptionProblem {
  /** Below `options`. */
  readonly path: readonly PropertyKey[]
  readonly message: string
}

export interface ReadOptions {
  /** Those without a problem; durations in milliseconds. */
  readonly values: Readonly<Record<string, unknown>>
  readonly problems: readonly OptionProblem[]
}

/** Reads what is said of a rule's options. `rule` is its id, for messages. */
export function readOptions(
  rule: string,
  declared: RuleOptions | undefined,
  said: Readonly<Record<string, unknown>>,
): ReadOptions {
  const values: Record<string, unknown> = {}
  const problems: OptionProblem[] = []
  for (const [name, value] of Object.entries(said)) {
    const option = declared !== undefined && Object.hasOwn(declared, name) ? declared[name] : undefined
    const read =
      option === undefined ? unknownOption(rule, name, declared) : readers[option.type](value, option)
    if ('value' in read) values[name] = read.value
    else problems.push({ path: [name, ...(read.path ?? [])], message: read.message })
  }
  return { values, problems }
}

type Read = { readonly value: unknown } | { readonly message: string; readonly path?: readonly PropertyKey[] }

function unknownOption(rule: string, name: string, declared: RuleOptions = {}): Read {
  const names = Object.keys(declared)
  if (names.length === 0) return { message: `${rule} has no options` }
  const suggestion = nearest(name, names)
  const rest = suggestion === undefined ? `It has: ${names.join(', ')}` : `Did you mean "${suggestion}"?`
  return { message: `${rule} has no option ${JSON.stringify(name)}. ${rest}` }
}

const readers: Readonly<Record<RuleOption['type'], (value: unknown, option: RuleOption) => Read>> = {
  boolean: (value) => (typeof value === 'boolean' ? { value } : { message: 'Expected true or false' }),
  integer: (value, option) => readInteger(value, option as OptionOf<'integer'>),
  duration: (value) => {
    const read = duration.safeParse(value)
    return read.success
      ? { value: read.data }
      : { message: read.error.issues[0]?.message ?? 'Expected a duration' }
  },
  text: (value) => (isText(value) ? { value } : { message: 'Expected a text of at most 1000 characters' }),
  pattern: (value) => {
    const message =
      typeof value === 'string' ? patternProblem(value) : 'Expected a regular expression as a text'
    return message === undefined ? { value } : { message }
  },
  choice: (value, option) => readWord(value, (option as OptionOf<'choice'>).choices),
  list: (value, option) => readList(value, option as OptionOf<'list'>),
}

type OptionOf<T extends RuleOption['type']> = Extract<RuleOption, { readonly type: T }>

function readInteger(value: unknown, { minimum, maximum }: OptionOf<'integer'>): Read {
  const isInside =
    Number.isSafeInteger(value) &&
    (value as number) >= (minimum ?? -Infinity) &&
    (value as number) <= (maximum ?? Infinity)
  if (isInside) return { value }
  const from = minimum === undefined ? '' : ` from ${minimum}`
  const to = maximum === undefined ? '' : ` to ${maximum}`
  return { message: `Expected a whole number${from}${to}` }
}

function readList(value: unknown, { choices }: OptionOf<'list'>): Read {
  if (!Array.isArray(value)) return { message: 'Expected a list' }
  if (value.length > 1000) return { message: 'Expected at most 1000 entries' }
  for (const [index, word] of value.entries()) {
    const read = readWord(word, choices)
    if ('message' in read) return { message: read.message, path: [index] }
  }
  return { value }
}

function readWord(value: unknown, choices: readonly string[] | undefined): Read {
  if (choices === undefined) return isText(value) && value !== '' ? { value } : { message: 'Expected a text' }
  if (typeof value === 'string' && choices.includes(value)) return { value }
  const expected = `Expected one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`
  const suggestion = typeof value === 'string' ? nearest(value, choices) : undefined
  return { message: suggestion === undefined ? expected : `${expected}. Did you mean "${suggestion}"?` }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 1000
}
