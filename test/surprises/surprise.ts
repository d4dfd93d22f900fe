import type { Config } from '../../src/config/schema.ts'
import type { Finding, Limit, MigrationResult } from '../../src/core/model.ts'
import { judgeRun, readScripts } from '../../src/judge-run.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { describeLimit, limitSentence } from '../../src/reporters/words.ts'
import { replay } from '../../src/replay/replay.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { cleanEnv, repositoryWith } from '../review/repository.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

export interface Surprise {
  /** What is on main. */
  readonly history: Files
  /** What the merge request adds. */
  readonly added: Files
  readonly config?: Config
  readonly statementTimeoutMs?: number
}

/** What of a report these tests look at. */
export interface ShortReport {
  readonly migrations: readonly { readonly file: string; readonly outcome: MigrationResult['outcome'] }[]
  readonly findings: readonly Finding[]
  readonly notChecked: readonly Limit[]
}

/**
 * What `check` comes to on a server that many tests share: the same steps as in src/rehearsal/rehearse.ts, without starting a
 * server for each.
 */
export async function surprised(server: PostgresServer, surprise: Surprise): Promise<ShortReport> {
  const { history, added, config = {}, statementTimeoutMs = 60_000 } = surprise
  const workspace = await repositoryWith(history)
  await workspace.git('checkout', '--quiet', '-b', 'feature')
  await workspace.write(added)
  const reviewSet = await decideReviewSet({
    cwd: workspace.path,
    paths: [],
    all: false,
    env: cleanEnv,
    ...(config.migrations?.[0] === undefined ? {} : { settings: {} }),
  })
  const scripts = await readScripts(reviewSet, false)
  const rehearsal = await replay({
    server,
    ...scripts,
    sharesSession: reviewSet.sharesSession,
    settings: { TimeZone: 'UTC' },
    roles: [...(scripts.roles ?? []), ...(config.roles ?? [])],
    statementTimeoutMs,
    signal: new AbortController().signal,
    progress: () => {},
  })
  const options = { config, now: new Date('2026-01-01T00:00:00Z'), all: false }
  const judged = await judgeRun(options, reviewSet, scripts, {
    migrations: rehearsal.migrations,
    server: server.version,
    limits: rehearsal.limits,
  })
  return {
    migrations: judged.results.map(({ migration: { file }, outcome }) => ({ file, outcome })),
    findings: judged.findings,
    notChecked: [...reviewSet.notChecked, ...scripts.limits, ...rehearsal.limits, ...judged.limits],
  }
}

/** A report in a few lines, in the words of the terminal: outcomes, findings, what was not checked. */
export function inShort(report: ShortReport): string {
  return [
    ...report.migrations.map(({ outcome, file }) => `${outcome}: ${file}`),
    ...report.findings.map(
      ({ severity, ruleId, span, message }) =>
        `${severity} ${span.file}:${span.start.line} ${ruleId}: ${message}`,
    ),
    ...report.notChecked.flatMap((limit) => {
      const { hint } = describeLimit(limit)
      return [`not checked: ${limitSentence(limit)}`, ...(hint === undefined ? [] : [`  ${hint}`])]
    }),
  ].join('\n')
}
