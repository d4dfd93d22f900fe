import { sqlStretches } from './sql-stretches.ts'

/** A script with psql's variables filled in. */
export interface FilledScript {
  readonly text: string
  /** Names of variables without a value, each once. */
  readonly unresolved: readonly string[]
}

/**
 * Fills in `:name`, `:'name'`, `:"name"` and `:{?name}` as psql does (psqlscan.l; not inside of literals, comments and
 * dollar quotes), from given values and from the script's own `\set` lines. What has no value stays, as in psql.
 */
export function fillPsqlVariables(text: string, given: Readonly<Record<string, string>>): FilledScript {
  if (!/:/.test(text)) return { text, unresolved: [] }
  const filler = new Filler(text, new Map(Object.entries(given)))
  filler.run()
  return { text: filler.filled, unresolved: [...filler.unresolved] }
}

const reference = /:[:=]|:\{\?([\w\u0080-\uffff]+)\}|:([\w\u0080-\uffff]+)|^[ \t]*\\(set|unset)\b([^\n]*)/gm
const name = /^[\w\u0080-\uffff]+$/

class Filler {
  readonly unresolved = new Set<string>()
  filled = ''
  private readonly text: string
  private readonly values: Map<string, string>
  private readonly pattern = new RegExp(reference)
  /** The next reference of the text, wherever it stands; undefined when there is none any more. */
  private ahead: RegExpExecArray | undefined
  /** Where the next piece of the text begins that is not yet in `filled`. */
  private at = 0

  constructor(text: string, values: Map<string, string>) {
    this.text = text
    this.values = values
    this.ahead = this.pattern.exec(text) ?? undefined
  }

  run(): void {
    for (const { kind, start, end } of sqlStretches(this.text)) {
      if (kind === 'code') this.code(start, end)
      else if (kind === 'quoted' && start >= this.at) this.quoted(start, end)
    }
    this.filled += this.text.slice(this.at)
  }

  private code(start: number, end: number): void {
    let from = Math.max(start, this.at)
    for (
      let match = this.nextFrom(from);
      match !== undefined && match.index < end;
      match = this.nextFrom(from)
    ) {
      const [whole, asked, plain, command, rest = ''] = match
      from = match.index + whole.length
      if (command !== undefined) this.metaCommand(match.index, whole, command, rest)
      else if (asked !== undefined) this.put(match.index, whole, this.values.has(asked) ? 'TRUE' : 'FALSE')
      else if (plain !== undefined) this.variable(match.index, whole, plain)
    }
  }

  /** The first reference from an offset on. One that lies far ahead is kept: looking for it costs the text between. */
  private nextFrom(from: number): RegExpExecArray | undefined {
    if (this.ahead !== undefined && this.ahead.index < from) {
      this.pattern.lastIndex = from
      this.ahead = this.pattern.exec(this.text) ?? undefined
    }
    return this.ahead
  }

  /** `:'name'` and `:"name"`: the quote belongs to the variable. */
  private quoted(start: number, end: number): void {
    const [quote = '', inner] = [this.text[start], this.text.slice(start + 1, end - 1)]
    if (this.text[start - 1] !== ':' || this.text[start - 2] === ':' || !name.test(inner)) return
    const value = this.values.get(inner)
    if (value === undefined) this.unresolved.add(inner)
    else {
      const doubled = value.replaceAll(quote, quote + quote)
      const prefix = quote === "'" && value.includes('\\') ? ' E' : ''
      const body = prefix === '' ? doubled : doubled.replaceAll('\\', '\\\\')
      this.put(start - 1, this.text.slice(start - 1, end), `${prefix}${quote}${body}${quote}`)
    }
  }

  private variable(index: number, whole: string, variable: string): void {
    const value = this.values.get(variable)
    if (value !== undefined) this.put(index, whole, value)
    else if (!/^\d+$/.test(variable) && !this.isInBrackets(index)) this.unresolved.add(variable)
  }

  /** `a[1:n]` is a slice. */
  private isInBrackets(index: number): boolean {
    const before = this.text.slice(Math.max(index - 200, 0), index)
    const line = before.slice(before.lastIndexOf('\n') + 1)
    return line.lastIndexOf('[') > line.lastIndexOf(']')
  }

  /** Done here, so it becomes a comment. */
  private metaCommand(index: number, whole: string, command: string, rest: string): void {
    const [variable, ...words] = rest.match(/"[^"]*"|'(?:[^'\\]|\\.|'')*'|`[^`]*`|[^\s'"`]+/g) ?? []
    if (variable === undefined) return
    this.put(index, whole, `-- ${whole.trim()}`)
    if (command === 'unset' || words.some((word) => word.startsWith('`'))) this.values.delete(variable)
    else this.values.set(variable, words.map((word) => this.argument(word)).join(''))
  }

  private argument(word: string): string {
    const quoted = /^:(['"]?)([\w\u0080-\uffff]+)\1$/.exec(word)
    if (quoted?.[2] !== undefined) return this.values.get(quoted[2]) ?? word
    if (word.startsWith("'"))
      return word.slice(1, -1).replaceAll(/''|\\(.)/g, (both, letter?: string) => letter ?? both[0] ?? '')
    return word.startsWith('"') ? word.slice(1, -1) : word
  }

  private put(index: number, whole: string, value: string): void {
    this.filled += this.text.slice(this.at, index) + value
    this.at = index + whole.length
  }
}
