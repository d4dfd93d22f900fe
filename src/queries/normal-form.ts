import type { Query } from '../core/model.ts'
import { normalizeSql, tokenize, type Token } from '../sql/tokens.ts'
import { structuralNumbers } from '../sql/without-literals.ts'

/** Two queries with the same text here are the same: comments, white space and case of names are gone. */
export function normalQuery(sql: string): string {
  return normalizeSql(sql)
}

/**
 * What a query of a file has in common with its statement in pg_stat_statements, which puts a parameter in the place of
 * every constant (fill_in_constant_lengths(), with the sign of numbers): literals and parameters are all one here, and so
 * are lists of any length behind IN. Nothing that an ORM may have written differently (casts, quotes) is made equal.
 */
export function statementOfQuery({ sql, node }: Pick<Query, 'sql' | 'node'>): string {
  const structural = structuralNumbers(node)
  return withoutConstants(sql, (offset) => structural.has(offset))
}

/** The same of a statement of a snapshot: what numbers it still has are no constants. */
export function statementOfProduction(sql: string): string {
  return withoutConstants(sql, () => true)
}

const constant = '$'

function withoutConstants(sql: string, isStructural: (offset: number) => boolean): string {
  const words: string[] = []
  let end = 0
  for (const token of tokenize(sql)) {
    if (token.start < end) continue
    const number = numberAt(sql, token)
    const isConstant = number === undefined ? isConstantWord(token, words.at(-1)) : !isStructural(token.start)
    if (!isConstant) {
      words.push(token.kind === 'word' ? token.text.toLowerCase() : token.text)
      continue
    }
    if (number !== undefined) {
      end = token.start + number.length
      if (words.at(-1) === '-' && !isOperand(words.at(-2))) words.pop()
    }
    words.push(constant)
  }
  if (words.at(-1) === ';') words.pop()
  return withoutLists(words).join(' ')
}

const numberPattern = /\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?/y

/** `1.5e-3` is several tokens. */
function numberAt(sql: string, { kind, start, text }: Token): string | undefined {
  if (kind !== 'word' || !/^\d/.test(text)) return undefined
  numberPattern.lastIndex = start
  return numberPattern.exec(sql)?.[0]
}

function isConstantWord({ kind, text }: Token, before: string | undefined): boolean {
  if (kind === 'literal') return true
  if (kind !== 'word') return false
  if (/^\$\d+$/.test(text)) return true
  // IS NOT NULL and IS TRUE have no constants
  return /^(?:true|false|null)$/i.test(text) && before !== 'is' && before !== 'not'
}

/** Is the minus behind it a sum's? */
function isOperand(word: string | undefined): boolean {
  return word !== undefined && (/^[\w")\]]/.test(word) || word === constant)
}

/** `in ( $ , $ , $ )` -> `in ( $ )` */
function withoutLists(words: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    kept.push(words[at] ?? '')
    if (words[at] !== constant || words[at - 1] !== '(' || words[at - 2] !== 'in') continue
    let end = at
    while (words[end + 1] === ',' && words[end + 2] === constant) end += 2
    if (words[end + 1] === ')') at = end
  }
  return kept
}
