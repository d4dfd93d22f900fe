/** One report of a run on several major versions. Pure. */
import type { Limit, Report, ReportTrial } from '../core/model.ts'
import { mergeFindings, mergeHarmless, type OfMajor } from './merged-findings.ts'
import { mergeQueries } from './merged-queries.ts'
import { list } from '../reporters/words.ts'
import { exitCodeOf, lacksRehearsal } from '../report.ts'

/** The report of a check on one major version. */
export type MajorReport = OfMajor<Report>

/**
 * Findings of all versions, each with those that have it; effects are those of the main version.
 * @param reports oldest first, of the same migrations; at least one
 * @param production production's major: the main version where it is one of them, else that is the newest
 */
export function mergeReports(reports: readonly MajorReport[], production: number | undefined): Report {
  const main = reports.find(({ major }) => major === production) ?? reports.at(-1)
  if (main === undefined) throw new Error('there are no reports to merge')
  const of = <T>(part: (report: Report) => T): readonly OfMajor<T>[] =>
    reports.map(({ major, value }) => ({ major, value: part(value) }))
  const files = main.value.migrations.map(({ file }) => file)
  const findings = mergeFindings(
    of((report) => report.findings),
    files,
  )
  const servers = reports.flatMap(({ value }) => value.server ?? [])
  const trials = mergeTrials(of((report) => report.trials ?? []))
  const queries = mergeQueries(
    of((report) => report.queries),
    main.major,
  )
  const { failOn, requireRehearsal } = main.value.settings
  const unrehearsed = reports.some(({ value }) => lacksRehearsal(value.migrations, value.notChecked))
  return {
    ...main.value,
    ...(servers.length === 0 ? {} : { servers }),
    findings,
    harmless: mergeHarmless(
      of((report) => report.harmless),
      findings,
      files,
    ),
    ...(queries === undefined ? {} : { queries }),
    ...(trials.length === 0 ? {} : { trials }),
    notChecked: mergeLimits(of((report) => report.notChecked)),
    exitCode: exitCodeOf(findings, { failOn, fails: requireRehearsal && unrehearsed }),
  }
}

/** What all versions say once, and the rest with the versions that say it. */
function mergeLimits(all: readonly OfMajor<readonly Limit[]>[]): readonly Limit[] {
  return merged(all, (limit, where) =>
    limit.code.startsWith('clone-') ? limit : { ...limit, message: `${where}: ${limit.message}` },
  )
}

function mergeTrials(all: readonly OfMajor<readonly ReportTrial[]>[]): readonly ReportTrial[] {
  const isClone = ({ kind }: ReportTrial): boolean => kind === 'clone'
  const besides = all.map((one) => ({ ...one, value: one.value.filter((trial) => !isClone(trial)) }))
  const onClone = all.map((one) => ({ ...one, value: one.value.filter(isClone) }))
  return [
    ...merged(besides, (trial, where) => ({ ...trial, says: `${where}: ${trial.says}` })),
    ...mergeClone(onClone),
  ]
}

/** All have the same clone: only what is unlike the rehearsal may be told of some of them. */
function mergeClone(all: readonly OfMajor<readonly ReportTrial[]>[]): readonly ReportTrial[] {
  const trials = all.flatMap(({ value }) => value)
  const shown = trials.find(({ outcome }) => outcome === 'finding') ?? trials[0]
  if (shown === undefined) return []
  const ofSome: string[] = []
  const lines = merged(
    all.map(({ major, value }) => ({ major, value: value.flatMap((trial) => trial.lines) })),
    (line, where) => {
      ofSome.push(`${where}: ${line}`)
      return ''
    },
  )
  return [{ ...shown, lines: [...ofSome, ...lines.filter((line) => line !== '')] }]
}

/** Things that are equal on several versions are one; those of the oldest version come first, in their order. */
function merged<T>(all: readonly OfMajor<readonly T[]>[], mark: (one: T, where: string) => T): readonly T[] {
  const groups = new Map<string, { readonly one: T; readonly majors: number[] }>()
  for (const { major, value } of all) {
    const seen = new Map<string, number>()
    for (const one of value) {
      const text = JSON.stringify(one)
      // a version may say the same twice
      const times = (seen.get(text) ?? 0) + 1
      seen.set(text, times)
      const key = `${times} ${text}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { one, majors: [major] })
      else group.majors.push(major)
    }
  }
  return [...groups.values()].map(({ one, majors }) =>
    majors.length === all.length ? one : mark(one, `On Postgres ${list(majors.map(String))}`),
  )
}
