import { normalizeSql, tokenize } from '../sql/tokens.ts'
import { withoutLiterals } from '../sql/without-literals.ts'

/** Two queries with the same text here are the same: comments, white space and case of names are gone. */
export function normalQuery(sql: string): string {
  return normalizeSql(sql)
}

/**
 * As pg_stat_statements knows the query: literals and parameters are all one, and so are lists of any length behind IN.
 * Nothing that an ORM may have written differently (casts, quotes) is made equal. Needs loadParser().
 */
export function normalStatement(sql: string): string {
  const words = tokenize(withoutLiterals(sql) ?? sql).map(({ kind, text }) => {
    if (kind === 'literal') return '$'
    if (kind !== 'word') return text
    return /^\$\d+$/.test(text) ? '$' : text.toLowerCase()
  })
  if (words.at(-1) === ';') words.pop()
  return withoutLists(words).join(' ')
}

/** `in ( $ , $ , $ )` -> `in ( $ )` */
function withoutLists(words: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    kept.push(words[at] ?? '')
    if (words[at] !== '$' || words[at - 1] !== '(' || words[at - 2] !== 'in') continue
    let end = at
    while (words[end + 1] === ',' && words[end + 2] === '$') end += 2
    if (words[end + 1] === ')') at = end
  }
  return kept
}
