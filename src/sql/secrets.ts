/** Passwords, tokens and keys that stand in SQL. */
import { tokenize, type Token } from './tokens.ts'

export interface Secret {
  readonly kind: 'password' | 'connection' | 'token'
  /** What it is, without saying it. */
  readonly what: string
  /** As it stands in the SQL. */
  readonly text: string
  /** Of `text` in the SQL. */
  readonly offset: number
}

/** Tokens that their makers gave a form of their own, so that they can be found. */
const tokenForms: readonly (readonly [what: string, form: RegExp])[] = [
  ['an access key of AWS', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ['a token of GitLab', /\bgl(?:pat|dt|rt|cbt|ptt|ft|agent|oas)-[\w-]{20,}/g],
  ['a token of GitHub', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})/g],
  ['a key of Stripe', /\b[sr]k_live_[0-9A-Za-z]{16,}/g],
  ['a token of Slack', /\bxox[abeprs]-[0-9A-Za-z-]{10,}/g],
  ['a key of Google', /\bAIza[\w-]{35}\b/g],
  ['a key of OpenAI or Anthropic', /\bsk-(?:proj|ant|svcacct)-[\w-]{20,}/g],
  ['a token of npm', /\bnpm_[A-Za-z0-9]{36}\b/g],
  ['a signed token (JWT)', /\beyJ[\w-]{10,500}\.eyJ[\w-]{10,500}\.[\w-]{20,}/g],
  ['a private key', /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?/g],
]

const mayHold =
  /password|:\/\/|\b(?:AKIA|ASIA|gl[a-z]+-|gh[pousr]_|github_pat|[sr]k_live|xox|AIza|sk-|npm_|eyJ)|PRIVATE KEY/i

/** In the order in which they stand. Placeholders and SCRAM verifiers are none. */
export function secretsIn(sql: string): readonly Secret[] {
  if (!mayHold.test(sql)) return []
  const found = [...tokensIn(sql), ...literalsOf(sql, 0).flatMap(inLiteral)]
  const byPlace = new Map(found.map((secret) => [secret.offset, secret]))
  return [...byPlace.values()]
    .filter(({ text }) => !isPlaceholder(text))
    .toSorted((one, other) => one.offset - other.offset)
}

/** What is a secret wherever it stands: in comments, in rows of COPY, in what a server says. */
export function secretsInText(text: string): readonly Secret[] {
  if (!mayHold.test(text)) return []
  const urls = passwordsOfUrls(text).map((found) => ({ ...found, ...inConnection }))
  return [...tokensIn(text), ...urls].filter((secret) => !isPlaceholder(secret.text))
}

const inConnection = { kind: 'connection', what: 'a password in a connection string' } as const

function tokensIn(sql: string): readonly Secret[] {
  return tokenForms.flatMap(([what, form]) =>
    [...sql.matchAll(form)].flatMap((match): readonly Secret[] =>
      // the key that AWS uses in its own documentation
      match[0].endsWith('EXAMPLE') ? [] : [{ kind: 'token', what, text: match[0], offset: match.index }],
    ),
  )
}

interface Literal {
  /** Between the quotes, as written. */
  readonly text: string
  readonly offset: number
  /** The word before it, in lower case. */
  readonly after: string
  /** Words before it in the same statement, in lower case. */
  readonly context: ReadonlySet<string>
}

/** String literals, also those in code: bodies of functions and DO blocks, and SQL in literals of these. */
function literalsOf(sql: string, offset: number, depth = 0): readonly Literal[] {
  const literals: Literal[] = []
  let context = new Set<string>()
  let before: Token | undefined
  let last: Literal | undefined
  let filled: FilledIn | undefined
  for (const token of tokenize(sql)) {
    if (token.text === ';') [context, filled] = [new Set(), undefined]
    if (token.kind === 'word') context.add(token.text.toLowerCase())
    filled = filled === undefined ? undefined : behind(filled, token)
    const quoted = /^(?:[eEbBxXnN]|[uU]&)?'(.*)'$/s.exec(token.text)?.[1]
    const dollar = /^(\$\w*\$)(.*)\1$/s.exec(token.text)
    const text = quoted ?? dollar?.[2]
    if (text !== undefined) {
      const start = offset + token.start + token.text.indexOf(text, dollar?.[1]?.length ?? 1)
      const one = { text, offset: start, after: before?.text.toLowerCase() ?? '', context }
      if (filled?.commas === filled?.place && filled !== undefined)
        last = { ...one, after: 'password', context: filled.context }
      // a literal in the next line goes on where the one before it ends
      else last = before?.kind === 'literal' && last !== undefined ? { ...last, text, offset: start } : one
      literals.push(last)
      filled = filledIn(text) ?? filled
      if (depth < 2 && (dollar !== null || /password/i.test(text))) {
        literals.push(...literalsOf(text, start, depth + 1), ...doubledIn(text, start))
      }
    }
    before = token
  }
  return literals
}

/** A literal with SQL, and which of the following ones is put in behind its word PASSWORD. */
interface FilledIn {
  /** Commas between them: an argument of format(); 0 where they are joined by `||`. */
  readonly place: number
  readonly commas: number
  /** Parentheses that are open. */
  readonly open: number
  readonly context: ReadonlySet<string>
}

function filledIn(text: string): FilledIn | undefined {
  const match = /\bpassword\s+(?:%(?:(\d{1,4})\$)?L|'{0,2}$)/i.exec(text)
  if (match === null) return undefined
  const [all, place] = match
  const before = text.slice(0, match.index)
  const inTurn = [...before.matchAll(/%[sIL]/g)].length + 1
  return {
    place: all.includes('%') ? Number(place ?? inTurn) : 0,
    commas: 0,
    open: 0,
    context: new Set(before.slice(-500).toLowerCase().split(/\W+/)),
  }
}

function behind(filled: FilledIn, { text }: Token): FilledIn | undefined {
  const open = filled.open + (text === '(' ? 1 : text === ')' ? -1 : 0)
  const commas = filled.commas + (text === ',' && open === 0 ? 1 : 0)
  return open < 0 || commas > filled.place ? undefined : { ...filled, open, commas }
}

/** `'ALTER ROLE app PASSWORD ''secret'''`: the literal in the literal. */
function doubledIn(text: string, offset: number): readonly Literal[] {
  return [...text.matchAll(/\bpassword\s+''([^']+)''/gi)].map((match) => ({
    text: match[1] ?? '',
    offset: offset + match.index + match[0].indexOf("''") + 2,
    after: 'password',
    context: new Set(
      text
        .slice(Math.max(0, match.index - 500), match.index)
        .toLowerCase()
        .split(/\W+/),
    ),
  }))
}

/** Statements in which the word PASSWORD is followed by one. */
const withPasswords = ['role', 'user', 'group', 'mapping', 'server', 'subscription']

function inLiteral({ text, offset, after, context }: Literal): readonly Secret[] {
  const isDefinition = context.has('create') || context.has('alter')
  if (after === 'password' && isDefinition && withPasswords.some((word) => context.has(word))) {
    if (text === '' || text.startsWith('SCRAM-SHA-256$')) return []
    return [{ kind: 'password', what: 'a password', text, offset }]
  }
  return [...passwordsOfUrls(text), ...passwordsOfSettings(text)].map((found) => ({
    ...inConnection,
    text: found.text,
    offset: offset + found.offset,
  }))
}

type Found = Pick<Secret, 'text' | 'offset'>

/** `postgres://app:secret@db/shop` */
function passwordsOfUrls(text: string): readonly Found[] {
  return [...text.matchAll(/\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/'"]*:)([^\s@/'"]+)@/gi)].map((match) => ({
    text: match[2] ?? '',
    offset: match.index + (match[1] ?? '').length,
  }))
}

/** Characters of a connection string that anybody writes. */
const longestSettings = 2000

/** `host=db password=secret`: the whole literal consists of settings, and one says where to go. */
function passwordsOfSettings(text: string): readonly Found[] {
  if (text.length > longestSettings || !/\b(?:host|hostaddr|dbname|user|port|service)\s*=/i.test(text))
    return []
  const settings = text
    .replaceAll(/''[^']*''/g, 'x')
    .replaceAll(/ ?= ?/g, '=')
    .trim()
    .split(/\s+/)
  if (!settings.every((setting) => /^[a-z_]+=[^']+$/i.test(setting))) return []
  const [all = '', quoted, plain] = /\bpassword ?= ?(?:''([^']*)''|([^\s']+))/i.exec(text) ?? []
  const found = quoted ?? plain
  return found === undefined ? [] : [{ text: found, offset: text.indexOf(all) + all.lastIndexOf(found) }]
}

/** What the migration tool or a person fills in, or what has been taken out. */
function isPlaceholder(text: string): boolean {
  return /^(?:\$\{.*\}|\{\{.*\}\}|\$\(.*\)|<.*>|%.*%|%[A-Za-z]|:\w+|\*+|x+|\.+|…|)$/is.test(text)
}
