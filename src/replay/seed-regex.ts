/**
 * A short text that a regular expression matches, or undefined when it uses more than we follow: characters,
 * classes, groups, alternatives, counts and anchors. The result is a guess for the server to judge.
 * @param variant chooses other characters of classes, so that several rows differ
 */
export function textMatching(pattern: string, variant: number): string | undefined {
  const reader = new PatternReader(pattern, variant)
  try {
    const text = reader.alternatives()
    return reader.atEnd ? text : undefined
  } catch (error) {
    if (error instanceof UnknownPattern) return undefined
    throw error
  }
}

class UnknownPattern extends Error {}

const letters = 'abcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'
const classes: Readonly<Record<string, string>> = {
  alpha: letters,
  lower: letters,
  upper: letters.toUpperCase(),
  digit: digits,
  xdigit: `${digits}abcdef`,
  alnum: letters + digits,
  word: letters + digits,
  space: ' ',
  blank: ' ',
  punct: '-_.',
}
const escapes: Readonly<Record<string, string>> = { d: digits, w: letters + digits, s: ' ', t: '\t', n: '\n' }
/** Constraint escapes (word boundaries and the like) match nothing by themselves. */
const boundaries = 'mMyAZ'

class PatternReader {
  private readonly pattern: string
  private readonly variant: number
  private at = 0
  private picked = 0

  constructor(pattern: string, variant: number) {
    this.pattern = pattern
    this.variant = variant
  }

  get atEnd(): boolean {
    return this.at >= this.pattern.length
  }

  /** The first alternative; the others are read over. */
  alternatives(): string {
    const text = this.sequence()
    while (this.peek() === '|') {
      this.at += 1
      this.sequence()
    }
    return text
  }

  private sequence(): string {
    let text = ''
    while (!this.atEnd && this.peek() !== '|' && this.peek() !== ')') {
      const start = this.at
      const atom = this.atom()
      const { least, most } = this.count()
      // A class that repeats is better with one more than the least: 'a+' and 'a{2,}' have company.
      const times = least === 0 && most > 1 ? 1 : least
      text += this.repeated(atom, start, times)
    }
    return text
  }

  /** Reads the atom again for every repetition, so that classes give different characters. */
  private repeated(atom: string, start: number, times: number): string {
    if (times === 0) return ''
    if (times > 200) throw new UnknownPattern()
    const end = this.at
    let text = atom
    for (let index = 1; index < times; index += 1) {
      this.at = start
      text += this.atom()
    }
    this.at = end
    return text
  }

  private atom(): string {
    const char = this.next()
    if (char === '^' || char === '$') return ''
    if (char === '.') return this.pick(letters)
    if (char === '[') return this.pick(this.bracket())
    if (char === '(') return this.group()
    if (char === '\\') return this.escape()
    if ('*+?{'.includes(char)) throw new UnknownPattern()
    return char
  }

  private group(): string {
    if (this.peek() === '?') {
      if (this.pattern.slice(this.at, this.at + 2) !== '?:') throw new UnknownPattern()
      this.at += 2
    }
    const text = this.alternatives()
    if (this.next() !== ')') throw new UnknownPattern()
    return text
  }

  private escape(): string {
    const char = this.next()
    if (boundaries.includes(char)) return ''
    const set = escapes[char]
    if (set !== undefined) return this.pick(set)
    if (/[a-zA-Z0-9]/.test(char)) throw new UnknownPattern()
    return char
  }

  /** The characters of `[…]`, as far as they are listed; of a negated one, letters and digits outside. */
  private bracket(): string {
    const negated = this.peek() === '^'
    if (negated) this.at += 1
    let set = ''
    for (
      let char = this.next(), isFirst = true;
      char !== ']' || isFirst;
      char = this.next(), isFirst = false
    ) {
      if (char === '[' && this.peek() === ':') set += this.namedClass()
      else if (char === '\\') set += this.bracketEscape()
      else if (this.peek() === '-' && this.pattern[this.at + 1] !== ']') set += this.range(char)
      else set += char
    }
    if (!negated) return set
    return [...letters, ...digits].filter((char) => !set.includes(char)).join('')
  }

  private namedClass(): string {
    const end = this.pattern.indexOf(':]', this.at)
    const set = classes[this.pattern.slice(this.at + 1, end)]
    if (end === -1 || set === undefined) throw new UnknownPattern()
    this.at = end + 2
    return set
  }

  private bracketEscape(): string {
    const char = this.next()
    return escapes[char] ?? char
  }

  private range(from: string): string {
    this.at += 1
    const [start, end] = [from.codePointAt(0) ?? 0, this.next().codePointAt(0) ?? 0]
    if (end < start || end - start > 0x10000) throw new UnknownPattern()
    return Array.from({ length: Math.min(end - start + 1, 64) }, (_, index) =>
      String.fromCodePoint(start + index),
    ).join('')
  }

  private count(): { readonly least: number; readonly most: number } {
    let least = 1
    let most = 1
    const char = this.peek()
    if (char === '*') [least, most] = [0, Number.POSITIVE_INFINITY]
    else if (char === '+') [least, most] = [1, Number.POSITIVE_INFINITY]
    else if (char === '?') [least, most] = [0, 1]
    else if (char === '{') {
      const bounds = /^\{(\d+)(,(\d*))?\}/.exec(this.pattern.slice(this.at))
      if (bounds === null) throw new UnknownPattern()
      least = Number(bounds[1])
      most = bounds[2] === undefined ? least : bounds[3] === '' ? Number.POSITIVE_INFINITY : Number(bounds[3])
      this.at += bounds[0].length - 1
    } else return { least, most }
    this.at += 1
    if (this.peek() === '?') this.at += 1
    return { least, most }
  }

  private pick(set: string): string {
    const chars = [...set]
    if (chars.length === 0) throw new UnknownPattern()
    this.picked += 1
    return chars[(this.variant + this.picked) % chars.length] ?? ''
  }

  private peek(): string {
    return this.pattern[this.at] ?? ''
  }

  private next(): string {
    const char = this.pattern[this.at]
    if (char === undefined) throw new UnknownPattern()
    this.at += 1
    return char
  }
}
