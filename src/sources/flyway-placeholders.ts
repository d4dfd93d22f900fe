/** How placeholders are written and what they stand for. */
export interface Placeholders {
  readonly prefix: string
  readonly suffix: string
  readonly values: Readonly<Record<string, string>>
}

/** The text with values filled in, and the names that have none, in order of appearance. */
export interface FilledText {
  readonly text: string
  readonly unresolved: readonly string[]
}

/**
 * Fills in `${name}` everywhere, comments and strings included, as PlaceholderReplacingReader does; names have no case. Columns
 * after a placeholder are those of the filled text; lines stay, as long as no value holds a line break.
 */
export function fillPlaceholders(text: string, { prefix, suffix, values }: Placeholders): FilledText {
  // Flyway refuses to have none
  if (prefix === '' || suffix === '' || !text.includes(prefix)) return { text, unresolved: [] }
  const byName = new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]))
  const unresolved = new Set<string>()
  const parts: string[] = []
  let from = 0
  for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, from)) {
    const end = text.indexOf(suffix, at + prefix.length)
    if (end < 0) break
    const name = text.slice(at + prefix.length, end)
    const value = byName.get(name.toLowerCase())
    parts.push(text.slice(from, at), value ?? text.slice(at, end + suffix.length))
    if (value === undefined) unresolved.add(name)
    from = end + suffix.length
  }
  parts.push(text.slice(from))
  return { text: parts.join(''), unresolved: [...unresolved] }
}
