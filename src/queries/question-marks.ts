import { parseStatement } from '../sql/parse.ts'
import { tokenize, type Token } from '../sql/tokens.ts'
import type { Numbering } from './numbering.ts'

/**
 * `?` as parameters. It is an operator of jsonb as well: a statement that Postgres' grammar takes as it stands has
 * operators only; else a `?` is a parameter where an operand is due. `??` is what JDBC writes for the operator.
 */
export function questionMarks(sql: string, numbering: Numbering): string {
  const tokens = tokenize(sql)
  if (!tokens.some(isQuestionMark) || parseStatement(sql).node !== undefined) return sql
  let result = ''
  let end = 0
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]
    if (token === undefined || !isQuestionMark(token)) continue
    const next = tokens[at + 1]
    if (next !== undefined && isQuestionMark(next) && next.start === token.end) {
      result += `${sql.slice(end, token.start)}?`
      end = next.end
      at += 1
    } else if (isParameter(tokens, at)) {
      result += sql.slice(end, token.start) + spaced(sql, token, numbering.next(undefined, false))
      end = token.end
    }
  }
  return result + sql.slice(end)
}

function isQuestionMark({ kind, text }: Token): boolean {
  return kind === 'punctuation' && text === '?'
}

/** `?AND` would become one word. */
function spaced(sql: string, { start, end }: Token, parameter: string): string {
  const isWordBefore = /[\w$]/.test(sql[start - 1] ?? '')
  const isWordBehind = /[\w$]/.test(sql[end] ?? '')
  return `${isWordBefore ? ' ' : ''}${parameter}${isWordBehind ? ' ' : ''}`
}

/** Words behind which an operand follows, of all that stand before a parameter in the SQL of people. */
const operandDue =
  /^(?:all|and|any|as|between|by|case|distinct|else|except|fetch|first|from|having|ilike|in|interval|intersect|is|like|limit|next|not|offset|on|or|returning|select|set|similar|some|symmetric|then|to|union|using|values|when|where|with)$/i

function isParameter(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at]
  const before = tokens[at - 1]
  const next = tokens[at + 1]
  if (token === undefined) return false
  // ?| and ?& of jsonb; || is concatenation
  const isOperatorBehind = next?.start === token.end && (next.text === '&' || next.text === '|')
  if (isOperatorBehind && tokens[at + 2]?.text !== next.text) return false
  if (before === undefined) return true
  if (before.kind === 'word') return operandDue.test(before.text)
  if (before.kind !== 'punctuation') return false
  // @? of jsonpath
  if (before.text === '@' && before.end === token.start) return false
  return before.text !== ')' && before.text !== ']'
}
