/** What an error of the server says is not there. */
export interface MissingObject {
  /** `relation`, `column`, `type`, `function`, `operator class`, … in Postgres' words. */
  readonly kind: string
  /** Without its schema; empty for operators. */
  readonly name: string
  readonly schema?: string
  /** The relation that a column, constraint or trigger should have belonged to. */
  readonly of?: string
  /** Types that stand in the signature of a function or operator. */
  readonly signature: readonly string[]
}

/** invalid_schema_name, undefined table, column, function, object, parameter; invalid_foreign_key. */
const undefinedCodes: ReadonlySet<string> = new Set([
  '3F000',
  '42P01',
  '42703',
  '42883',
  '42704',
  '42P02',
  '42830',
])

/** Undefined for errors of other kinds, and where the message names nothing. */
export function missingObject(sqlstate: string, message: string): MissingObject | undefined {
  if (!undefinedCodes.has(sqlstate)) return undefined
  const key = /matching given keys for referenced table "([^"]+)"/.exec(message)?.[1]
  if (key !== undefined) return { kind: 'key', name: '', of: key, signature: [] }
  const operator = /^operator does not exist: (.*)$/.exec(message)?.[1]
  if (operator !== undefined) return { kind: 'operator', name: '', signature: wordsIn(operator) }
  const routine = /^(function|procedure|aggregate|routine) ([^\s(]+)\((.*)\) does not exist/.exec(message)
  if (routine !== null) return named(routine[1], routine[2], { signature: wordsIn(routine[3] ?? '') })
  const bare = /^(column|type) ([^\s"]+) does not exist/.exec(message)
  if (bare !== null) return named(bare[1], bare[2])
  const quoted = /^([\w -]*?) ?"([^"]+)"(?: (?:of|for) (?:relation|table|view|domain|type) "([^"]+)")?/.exec(
    message,
  )
  if (quoted === null || !/does not exist|unrecognized|is not installed|could not find/.test(message))
    return undefined
  return named(quoted[1], quoted[2], quoted[3] === undefined ? {} : { of: lastPart(quoted[3]) })
}

function named(
  kind = '',
  name = '',
  more: { readonly of?: string; readonly signature?: readonly string[] } = {},
): MissingObject {
  const parts = name.replaceAll('"', '').split('.')
  const schema = parts.length > 1 ? parts.at(-2) : undefined
  return {
    kind,
    name: parts.at(-1) ?? '',
    signature: [],
    ...(schema === undefined ? {} : { schema }),
    ...more,
  }
}

function lastPart(name: string): string {
  return name.split('.').at(-1) ?? name
}

function wordsIn(text: string): readonly string[] {
  return text.match(/[\w$\u0080-\uffff]+/g) ?? []
}

/** The extension that an error says this server does not have, or not in this version. */
export function missingExtension(message: string): string | undefined {
  return (
    /^extension "([^"]+)" (?:is not available|has no (?:installation script|update path))/.exec(
      message,
    )?.[1] ??
    /^required extension "([^"]+)" is not installed/.exec(message)?.[1] ??
    /extension control file .*\/([^/"]+)\.control/.exec(message)?.[1]
  )
}

/** The procedural language that an error says this server does not have. */
export function missingLanguage(message: string): string | undefined {
  return /^language "([^"]+)" does not exist/.exec(message)?.[1]
}
