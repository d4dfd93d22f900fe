import { parseStatement } from '../sql/parse.ts'
import { tokenize, type Token } from '../sql/tokens.ts'
import type { Numbering } from './numbering.ts'

/**
 * `?` as parameters. It is an operator of jsonb as well: a statement that Postgres' grammar takes as it stands has
 * operators only; else a `?` is a parameter where an operand is due. `??` is what JDBC writes for the operator.
 */
export function questionMarks(sql: string, numbering: Numbering): string {
  const tokens = tokenize(sql)
  if (!tokens.some(isQuestionMark) || hasOnlyOperators(sql, tokens)) return sql
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

/** The operators with a question mark that queries use; those of geometry are left as they are anyway. */
const operators = new Set(['?', '?|', '?&', '@?'])

/** The grammar takes `= ? - 1` as well, with a prefix operator `?`, and `||?||` as one operator: nobody has those. */
function hasOnlyOperators(sql: string, tokens: readonly Token[]): boolean {
  const usual = tokens.every((token, at) => {
    if (!isQuestionMark(token)) return true
    const before = tokens[at - 1]
    return operators.has(operatorAround(sql, token.start)) && (before === undefined || isOperand(before))
  })
  return usual && parseStatement(sql).node !== undefined
}

const operatorCharacter = /[-+*/<>=~!@#%^&|`?]/

/** The run of operator characters that the character stands in; it is cut where comments begin. */
function operatorAround(sql: string, at: number): string {
  let start = at
  let end = at + 1
  while (operatorCharacter.test(sql[start - 1] ?? '')) start -= 1
  while (operatorCharacter.test(sql[end] ?? '')) end += 1
  return sql.slice(start, end).replace(/(?:--|\/\*).*$/, '')
}

/** May it be the left side of an operator? A word may be one, also where it is a keyword. */
function isOperand({ kind, text }: Token): boolean {
  return kind !== 'punctuation' || text === ')' || text === ']' || text === '@'
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
  // @? of jsonpath
  if (before.text === '@' && before.end === token.start) return false
  return !isOperand(before)
}
