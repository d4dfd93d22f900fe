import type { QueryParameter } from '../core/model.ts'
import type { Token } from '../sql/tokens.ts'

/** What PgTyped's `@param` says: the values that stand for one parameter, and whether there may be several sets. */
export interface ParameterForm {
  /** Names of the properties that are picked; empty: the value itself. */
  readonly picked: readonly string[]
  readonly isList: boolean
}

/** A stretch of the SQL that becomes something else. */
export interface Use {
  readonly start: number
  readonly end: number
  readonly name?: string
  readonly isList?: boolean
  readonly form?: ParameterForm
  /** In the place of a parameter. */
  readonly text?: string
  /** Lists without parentheses of their own get some. */
  readonly parenthesised?: boolean
  readonly problem?: string
}

/** Gives parameters their numbers. */
export class Numbering {
  private readonly numbers = new Map<string, number>()
  private readonly known: QueryParameter[] = []
  private last: number
  private readonly eachUse: boolean

  constructor(tokens: readonly Token[], eachUse: boolean) {
    this.eachUse = eachUse
    this.last = 0
    const numbers = new Set(tokens.flatMap(numberOf))
    for (const number of numbers) {
      this.known.push({ number })
      this.last = Math.max(this.last, number)
    }
  }

  render(use: Use): string {
    if (use.text !== undefined) return use.text
    const { name, form, isList = false, parenthesised = false } = use
    if (form === undefined) {
      const one = this.next(name, isList)
      return parenthesised ? `(${one})` : one
    }
    if (form.picked.length === 0) return `(${this.next(name, true)})`
    const names = form.picked.map((picked) => this.next(`${name ?? ''}.${picked}`, form.isList))
    return `(${names.join(', ')})`
  }

  /** `$n` */
  next(name: string | undefined, isList: boolean): string {
    const found = name === undefined || this.eachUse ? undefined : this.numbers.get(name)
    if (found !== undefined) return `$${found}`
    this.last += 1
    if (name !== undefined) this.numbers.set(name, this.last)
    this.known.push({
      number: this.last,
      ...(name === undefined ? {} : { name }),
      ...(isList ? { isList } : {}),
    })
    return `$${this.last}`
  }

  parameters(): readonly QueryParameter[] {
    return this.known.toSorted((a, b) => a.number - b.number)
  }
}

/** Of `$n`. */
function numberOf({ kind, text }: Token): readonly number[] {
  const digits = kind === 'word' ? /^\$(\d{1,5})$/.exec(text)?.[1] : undefined
  return digits === undefined || Number(digits) === 0 ? [] : [Number(digits)]
}
