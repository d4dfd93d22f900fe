import type { QueryParameter } from '../core/model.ts'
import { isWord, tokenize, type Token } from '../sql/tokens.ts'
import { Numbering, type ParameterForm, type Use } from './numbering.ts'
import { questionMarks } from './question-marks.ts'

/** How a file writes parameters down; `$1` is understood everywhere. */
export interface ParameterSyntax {
  /** `:name`; `named`: with attributes (`:user.name` of aiosql); `hugsql`: with types (`:v*:ids`), hyphens, and a parameter of its own for each use, as JDBC has it. */
  readonly colon?: 'plain' | 'named' | 'hugsql' | 'pgtyped'
  /** `@name`, `sqlc.arg(name)` and its like. */
  readonly sqlc?: boolean
  /** `?` */
  readonly question?: boolean
  readonly forms?: ReadonlyMap<string, ParameterForm>
}

/** SQL as Postgres gets it, or why that cannot be told. */
export type Rewritten =
  | { readonly sql: string; readonly parameters: readonly QueryParameter[] }
  | { readonly problem: string }

/** Turns the parameters of a statement into `$1`, `$2`, … in the order in which they first appear. */
export function rewriteParameters(sql: string, syntax: ParameterSyntax): Rewritten {
  if (!/[:@?$]|%%|\bsqlc\b|\bpggen\b/i.test(sql)) return { sql, parameters: [] }
  const tokens = tokenize(sql)
  const uses = findUses(sql, tokens, syntax)
  const problem = uses.find((use) => use.problem !== undefined)?.problem
  if (problem !== undefined) return { problem }
  const numbering = new Numbering(tokens, syntax.colon === 'hugsql')
  let result = ''
  let end = 0
  for (const use of uses) {
    result += sql.slice(end, use.start) + numbering.render(use)
    end = use.end
  }
  result += sql.slice(end)
  if (syntax.question === true) result = questionMarks(result, numbering)
  return { sql: result, parameters: numbering.parameters() }
}

function findUses(sql: string, tokens: readonly Token[], syntax: ParameterSyntax): readonly Use[] {
  const uses: Use[] = []
  let brackets = 0
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]
    if (token === undefined) continue
    if (token.text === '[') brackets += 1
    else if (token.text === ']') brackets -= 1
    if (token.kind === 'punctuation' && token.text === ':') {
      if (tokens[at + 1]?.text === ':' && tokens[at + 1]?.start === token.end) {
        at += 1
        continue
      }
    }
    const use = useAt(sql, tokens, at, syntax, brackets > 0)
    if (use === undefined) continue
    uses.push(use)
    while ((tokens[at + 1]?.start ?? sql.length) < use.end) at += 1
  }
  return uses
}

function useAt(
  sql: string,
  tokens: readonly Token[],
  at: number,
  syntax: ParameterSyntax,
  inBrackets: boolean,
): Use | undefined {
  const token = tokens[at]
  if (token === undefined) return undefined
  if (syntax.sqlc === true) {
    if (token.text === '@' && token.kind === 'punctuation') return atSign(sql, token)
    if (token.kind === 'word' && /^(?:sqlc|pggen)$/i.test(token.text)) return macro(sql, token)
  }
  if (syntax.colon === 'named' && token.text === '%' && sql[token.end] === '%')
    // what psycopg makes of it
    return { start: token.start, end: token.end + 1, text: '%' }
  if (syntax.colon !== undefined && token.text === ':' && token.kind === 'punctuation') {
    if (inBrackets && isSlice(tokens[at - 1], token)) return undefined
    return colon(sql, token, syntax, isWord(tokens[at - 1], 'IN'))
  }
  return undefined
}

/** `a[1:n]`: what stands right before the colon is the lower bound. */
function isSlice(before: Token | undefined, token: Token): boolean {
  if (before === undefined || before.end !== token.start) return false
  return before.kind !== 'punctuation' || before.text === ')' || before.text === ']'
}

const sqlcName = /@([A-Za-z_\x80-\uffff][\w\x80-\uffff]*)/y

/** Not `@ x`, and not the end of an operator such as `<@`; `=@x` is one that Postgres does not have. */
function atSign(sql: string, { start }: Token): Use | undefined {
  if (/[<>@&|~!#?^%*/+-]/.test(sql[start - 1] ?? '')) return undefined
  sqlcName.lastIndex = start
  const name = sqlcName.exec(sql)?.[1]
  return name === undefined ? undefined : { start, end: start + 1 + name.length, name }
}

const macroCall =
  /(?:sqlc|pggen)\s*\.\s*(arg|narg|slice|embed)\s*\(\s*(?:'((?:[^']|'')*)'|"([^"]*)"|([A-Za-z_]\w*))\s*\)/iy

function macro(sql: string, { start }: Token): Use | undefined {
  macroCall.lastIndex = start
  const match = macroCall.exec(sql)
  if (match === null) return undefined
  const [whole, kind = '', literal, quoted, word] = match
  const name = literal ?? quoted ?? word ?? ''
  const use = { start, end: start + whole.length }
  if (kind.toLowerCase() !== 'embed') return { ...use, name, isList: kind.toLowerCase() === 'slice' }
  return { ...use, text: quoted === undefined ? `${name}.*` : `"${quoted}".*` }
}

const plainName = /:([A-Za-z_\x80-\uffff][\w\x80-\uffff]*)/y
const dottedName = /:([A-Za-z_\x80-\uffff][\w\x80-\uffff]*(?:\.[A-Za-z_]\w*)*)/y
const psqlQuoted = /:(?:'([A-Za-z_]\w*)'|"([A-Za-z_]\w*)"|\{\?)/y
const hugsqlName = /:(?:([a-z]+\*?):(?!:))?([A-Za-z_](?:[\w./-]*\w)?[?!]?)/y

function colon(sql: string, token: Token, syntax: ParameterSyntax, isAfterIn: boolean): Use | undefined {
  if (syntax.colon === 'hugsql') return hugsql(sql, token, isAfterIn)
  const { start } = token
  psqlQuoted.lastIndex = start
  const quoted = psqlQuoted.exec(sql)
  if (quoted !== null) {
    const end = start + quoted[0].length
    if (quoted[1] !== undefined) return { start, end, name: quoted[1] }
    return { start, end, problem: `${quoted[0]} of psql stands for a part of the SQL` }
  }
  const pattern = syntax.colon === 'named' ? dottedName : plainName
  pattern.lastIndex = start
  const name = pattern.exec(sql)?.[1]
  if (name === undefined) return undefined
  let end = start + 1 + name.length
  // `:name!` of PgTyped: never null; `:a != 1` has a space in its grammar
  if (syntax.colon === 'pgtyped' && sql[end] === '!' && sql[end + 1] !== '=') end += 1
  const form = syntax.forms?.get(name)
  return { start, end, name, ...(form === undefined ? listIf(isAfterIn) : { form }) }
}

function listIf(isAfterIn: boolean): Pick<Use, 'isList' | 'parenthesised'> {
  return isAfterIn ? { isList: true, parenthesised: true } : {}
}

function hugsql(sql: string, { start }: Token, isAfterIn: boolean): Use | undefined {
  hugsqlName.lastIndex = start
  const match = hugsqlName.exec(sql)
  if (match === null) return undefined
  const [whole, type = 'v', name = ''] = match
  const use = { start, end: start + whole.length, name }
  if (/^v(?:alue)?$/.test(type)) return { ...use, ...listIf(isAfterIn) }
  if (/^v(?:alue)?\*$/.test(type)) return { ...use, isList: true, parenthesised: isAfterIn }
  if (/^t(?:uple)?$/.test(type) && isAfterIn) return { ...use, isList: true, parenthesised: true }
  return { ...use, problem: `:${type}:${name} stands for a part of the SQL that is not known here` }
}
