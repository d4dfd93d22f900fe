/** Reports print the user's SQL; passwords and tokens in it are not for everybody who reads a report. */
import type { Finding, MigrationResult, Report, ReportMigration } from './core/model.ts'
import { secretsIn, type Secret } from './sql/secrets.ts'

/** The report with stars in the place of every secret that stands in a migration under review. */
export function withoutSecrets(report: Report, results: readonly MigrationResult[]): Report {
  const found = results.map(({ migration }) =>
    migration.statements.flatMap((statement) =>
      secretsIn(statement.sql).map((secret) => ({ ...secret, from: statement.span.start.offset })),
    ),
  )
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

/** Its text, by the places where they stand: what is elsewhere the same word stays. */
function withStars(
  migration: ReportMigration,
  secrets: readonly (Secret & { readonly from: number })[],
): ReportMigration {
  let { text } = migration
  for (const { text: secret, offset, from } of secrets) {
    const place = text.indexOf(secret, from + offset)
    if (place >= 0) text = text.slice(0, place) + stars(secret) + text.slice(place + secret.length)
  }
  return { ...migration, text }
}

/** Keeps line ends, so that lines keep their numbers. */
function stars(secret: string): string {
  return secret.replaceAll(/[^\r\n]/g, '*')
}

/** In other texts: tokens wherever they stand, passwords where they stand as such. */
function masker(secrets: readonly Secret[]): (text: string) => string {
  const forms = secrets.flatMap(({ kind, text }) => {
    const hidden = stars(text)
    if (kind === 'token') return [[text, hidden] as const]
    return [
      [`'${text}'`, `'${hidden}'`] as const,
      [`:${text}@`, `:${hidden}@`] as const,
      [`password=${text}`, `password=${hidden}`] as const,
    ]
  })
  return (text) => forms.reduce((masked, [form, hidden]) => masked.replaceAll(form, hidden), text)
}

/** SQL with stars is not to be committed: what is offered for that goes. */
function withoutSecret(finding: Finding, masked: (text: string) => string): Finding {
  const clean = deep(finding, masked) as Finding
  const { suggestion, ...rest } = clean
  return suggestion === undefined || suggestion.lines.join() === finding.suggestion?.lines.join()
    ? clean
    : rest
}

function deep(value: unknown, masked: (text: string) => string): unknown {
  if (typeof value === 'string') return masked(value)
  if (Array.isArray(value)) return value.map((item) => deep(item, masked))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, masked)]))
}
