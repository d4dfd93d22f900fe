/** Reports print the user's SQL; passwords and tokens in it are not for everybody who reads a report. */
import type { Finding, Migration, MigrationResult, Remedy, Report, ReportMigration } from './core/model.ts'
import { secretsIn, secretsInText, type Secret } from './sql/secrets.ts'

/** The report with stars in the place of every secret that stands in a migration under review. */
export function withoutSecrets(report: Report, results: readonly MigrationResult[]): Report {
  const found = results.map(({ migration }) => secretsOf(migration))
  const secrets = found.flat()
  if (secrets.length === 0) return report
  const migrations = report.migrations.map((migration, index) => withStars(migration, found[index] ?? []))
  const masked = masker(secrets)
  const rest = deep({ ...report, migrations: [], findings: [] }, masked) as Report
  return {
    ...rest,
    migrations: migrations.map(({ text, ...migration }) => ({
      ...(deep(migration, masked) as Omit<ReportMigration, 'text'>),
      text: masked(text),
    })),
    findings: report.findings.map((finding) => withoutSecret(finding, masked)),
  }
}

/** A text with SQL in it, for a terminal: with stars in the place of its secrets. */
export function withoutItsSecrets(text: string): string {
  const secrets = [...secretsIn(text), ...secretsInText(text)]
  return secrets.length === 0 ? text : masker(secrets)(withStars({ text }, secrets).text)
}

/** In the statements as Postgres reads them, and in what stands between and below them. Offsets are those of the text. */
function secretsOf({ text, statements }: Migration): readonly Secret[] {
  const inStatements = statements.flatMap((statement) => {
    const { offset } = statement.span.start
    return secretsIn(statement.sql).map((secret) => ({ ...secret, offset: offset + secret.offset }))
  })
  return [...inStatements, ...secretsInText(text)]
}

/** Its text, by the places where they stand: what is elsewhere the same word stays. */
function withStars<T extends Pick<ReportMigration, 'text'>>(migration: T, secrets: readonly Secret[]): T {
  const { text } = migration
  let masked = ''
  let at = 0
  for (const { text: secret, offset } of secrets.toSorted((one, other) => one.offset - other.offset)) {
    // tools may have put something in before it
    const place = text.startsWith(secret, offset) ? offset : text.indexOf(secret, Math.max(at, offset))
    if (place < at) continue
    masked += text.slice(at, place) + stars(secret)
    at = place + secret.length
  }
  return { ...migration, text: masked + text.slice(at) }
}

/** Keeps line ends, so that lines keep their numbers. */
function stars(secret: string): string {
  return secret.replaceAll(/[^\r\n]/g, '*')
}

/**
 * In other texts: tokens wherever they stand, passwords where they stand as such. However many there are, a text is
 * gone through once.
 */
function masker(secrets: readonly Secret[]): (text: string) => string {
  const tokens = secrets.some(({ kind }) => kind === 'token')
  const passwords = new Set(secrets.flatMap(({ kind, text }) => (kind === 'token' ? [] : [text])))
  const lengths = [...new Set([...passwords].map(({ length }) => length))].toSorted((a, b) => b - a)
  const passwordAt = (text: string, at: number, closing: string): string | undefined => {
    for (const length of lengths) {
      const candidate = text.slice(at, at + length)
      if (text.startsWith(closing, at + length) && passwords.has(candidate)) return candidate
    }
    return undefined
  }
  return (whole) => {
    const text = tokens ? withoutTokens(whole) : whole
    let masked = ''
    let at = 0
    for (const { 0: opening, index } of passwords.size === 0 ? [] : text.matchAll(openings)) {
      const start = index + opening.length
      const found = start < at ? undefined : passwordAt(text, start, closings[opening] ?? '')
      if (found === undefined) continue
      masked += text.slice(at, start) + stars(found)
      at = start + found.length
    }
    return masked + text.slice(at)
  }
}

/** `'secret'`, `:secret@`, `password=secret`. */
const openings = /'|:|password ?= ?/gi

const closings: Readonly<Record<string, string>> = { "'": "'", ':': '@' }

function withoutTokens(text: string): string {
  let masked = ''
  let at = 0
  const found = secretsInText(text).filter(({ kind }) => kind === 'token')
  for (const { text: token, offset } of found.toSorted((one, other) => one.offset - other.offset)) {
    if (offset < at) continue
    masked += text.slice(at, offset) + stars(token)
    at = offset + token.length
  }
  return masked + text.slice(at)
}

/** SQL with stars is not to be committed, nor run: what is offered for that goes. */
function withoutSecret(finding: Finding, masked: (text: string) => string): Finding {
  const { suggestion, preflight, remedy, ...rest } = finding
  const isClean = (sqls: readonly string[]): boolean => sqls.every((sql) => masked(sql) === sql)
  const questions = preflight?.filter(({ sql }) => isClean([sql]))
  const clean = deep(rest, masked) as Finding
  return {
    ...clean,
    ...(suggestion === undefined || !isClean(suggestion.lines) ? {} : { suggestion }),
    ...(questions === undefined || questions.length === 0
      ? {}
      : { preflight: deep(questions, masked) as typeof questions }),
    ...(remedy === undefined ? {} : { remedy: deep(withoutSql(remedy, isClean), masked) as Remedy }),
  }
}

function withoutSql(remedy: Remedy, isClean: (sqls: readonly string[]) => boolean): Remedy {
  if (isClean(remedy.migrations.map(({ sql }) => sql))) return remedy
  const { proof: _, ...rest } = remedy
  return { ...rest, summary: `${remedy.summary} ${notShown}`, migrations: [] }
}

const notShown = 'Its SQL would repeat a secret, and is not shown.'

function deep(value: unknown, masked: (text: string) => string): unknown {
  if (typeof value === 'string') return masked(value)
  if (Array.isArray(value)) return value.map((item) => deep(item, masked))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, masked)]))
}
