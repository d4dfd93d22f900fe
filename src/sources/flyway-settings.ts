/** Dotted keys and their values as text; lists are joined with commas. */
export type Settings = ReadonlyMap<string, string>

/** Java properties as flyway.conf and application.properties use them: `key=value`, `#` comments, `\` joins lines. */
export function parseProperties(text: string): Settings {
  const settings = new Map<string, string>()
  const joined = text.replaceAll(/\\\r?\n[ \t]*/g, '')
  for (const line of joined.split(/\r?\n/)) {
    const written = line.trim()
    const at = written.search(/[=:]/)
    if (at > 0 && !/^[#!]/.test(written))
      settings.set(written.slice(0, at).trimEnd(), written.slice(at + 1).trimStart())
  }
  return settings
}

/**
 * The part of TOML that flyway.toml uses: tables, dotted keys, strings, booleans, numbers and arrays of
 * strings. Arrays of tables (`[[…]]`) hold nothing that matters here and are passed over.
 */
export function parseTomlSettings(text: string): Settings {
  const settings = new Map<string, string>()
  let table: string | undefined = ''
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    const line = stripComment(lines[index] ?? '').trim()
    const header = /^\[([^[\]]+)\]$/.exec(line)
    if (line.startsWith('[')) {
      table = header?.[1] === undefined ? undefined : `${unquoteKey(header[1])}.`
      continue
    }
    const equals = line.indexOf('=')
    if (equals < 0 || table === undefined) continue
    const value = [line.slice(equals + 1).trim()]
    const isList = value[0]?.startsWith('[') === true
    while (isList && value.at(-1)?.endsWith(']') !== true && index + 1 < lines.length)
      value.push(stripComment(lines[++index] ?? '').trim())
    settings.set(table + unquoteKey(line.slice(0, equals)), valueText(value.join(' ')))
  }
  return settings
}

function stripComment(line: string): string {
  return line.replace(/^((?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*)#.*$/, '$1')
}

function unquoteKey(key: string): string {
  return key
    .trim()
    .split('.')
    .map((part) => part.trim().replaceAll(/^["']|["']$/g, ''))
    .join('.')
}

function valueText(value: string): string {
  if (!value.startsWith('[')) return unquote(value)
  const items = value.match(/"(?:[^"\\]|\\.)*"|'[^']*'/g) ?? []
  return items.map(unquote).join(',')
}

function unquote(value: string): string {
  if (value.startsWith("'")) return value.slice(1, -1)
  if (!value.startsWith('"')) return value
  return value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
}
