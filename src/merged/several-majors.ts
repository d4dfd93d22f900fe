/** One report of the same migrations on several major versions of Postgres. */
import { check } from '../check.ts'
import type { CheckOptions } from '../check-options.ts'
import type { Report } from '../core/model.ts'
import { mergeReports, type MajorReport } from './merged-report.ts'
import { majorOf, otherVersion } from '../rehearsal/server-version.ts'

/**
 * A check on each of `options.pgVersions`, one after the other and oldest first; a plain check where there are none.
 * Throws as check() does, and EnvironmentError before anything is replayed when one of them is not installed.
 */
export async function checkOnMajors(given: CheckOptions): Promise<Report> {
  if (given.pgVersions === undefined || given.pgVersion !== undefined) return check(given)
  // a list of this run's own: the clone of production goes by it, and the next database has one of its own
  const pgVersions = [...given.pgVersions]
  const options = { ...given, pgVersions }
  if (options.replay && options.containerImage === undefined) await refuseMissing(options, pgVersions)
  const reports: MajorReport[] = []
  for (const major of pgVersions) reports.push({ major, value: await check(onMajor(options, major)) })
  // of a clone, where no file tells
  const production = (await productionVersion(options)) ?? reports.at(-1)?.value.production?.serverVersion
  const report = mergeReports(reports, majorOf(production))
  const rehearsedOn = reports.flatMap(({ value }) => value.server?.version ?? [])
  const limits = await otherVersion(options, { production, rehearsedOn })
  return { ...report, notChecked: [...report.notChecked, ...limits] }
}

async function refuseMissing({ cwd, config }: CheckOptions, majors: readonly number[]): Promise<void> {
  const { findInstallation } = await import('../postgres/binaries.ts')
  const { binaries } = config.server ?? {}
  const where = { projectDir: cwd, ...(binaries === undefined ? {} : { binaries }) }
  for (const pgVersion of majors) await findInstallation({ ...where, pgVersion })
}

function onMajor(options: CheckOptions, major: number): CheckOptions {
  return {
    ...options,
    pgVersion: major,
    progress: (message) => options.progress(`Postgres ${major}: ${message}`),
  }
}

/** Which Postgres production runs, e.g. `16.3`; undefined where nobody says. */
async function productionVersion(options: CheckOptions): Promise<string | undefined> {
  const { cwd, config, snapshotFile, snapshotBytes, now } = options
  const { loadProduction } = await import('../production/load.ts')
  const { serverVersion } = await loadProduction({
    root: cwd,
    config,
    now,
    ...(snapshotFile === undefined ? {} : { snapshotFile }),
    ...(snapshotBytes === undefined ? {} : { snapshotBytes }),
  })
  return serverVersion
}
