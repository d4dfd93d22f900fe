import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { check } from '../../src/check.ts'
import { configDefaults } from '../../src/config/defaults.ts'
import type { StatementCost } from '../../src/core/cost-model.ts'
import type { Limit, Report } from '../../src/core/model.ts'
import { temporaryFolder } from '../processes.ts'
import type { Shape, Trial } from './shape.ts'

/** What one run of the tool said. */
export interface Prediction {
  /** By the SQL of the trial. */
  readonly costs: ReadonlyMap<string, StatementCost | undefined>
  readonly ms: number
  readonly notChecked: readonly Limit[]
}

/**
 * Runs the product on a project with this history, with these trials under review, a migration file each, in the
 * order given, and a snapshot of production, with its defaults.
 */
export async function predict(shape: Shape, trials: readonly Trial[], snapshot: string): Promise<Prediction> {
  await using folder = await temporaryFolder()
  const files = await writeProject(folder.dir, shape, trials)
  const snapshotFile = path.join(folder.dir, 'production.json')
  await writeFile(snapshotFile, snapshot)
  const start = performance.now()
  const report = await check({
    cwd: folder.dir,
    paths: files,
    all: false,
    replay: true,
    failOn: 'never',
    requireRehearsal: true,
    sharedServer: false,
    superuser: false,
    suggestions: false,
    snapshotFile,
    config: { statementTimeout: configDefaults.statementTimeout },
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] },
    signal: new AbortController().signal,
    progress: () => {},
    now: new Date(),
  })
  const ms = performance.now() - start
  return { costs: costsOf(report, files, trials), ms, notChecked: report.notChecked }
}

/** Gives the paths of the files under review. */
async function writeProject(cwd: string, shape: Shape, trials: readonly Trial[]): Promise<readonly string[]> {
  await mkdir(path.join(cwd, 'migrations'))
  for (const [at, sql] of shape.history.entries()) {
    await writeFile(path.join(cwd, 'migrations', fileName(at + 1, 'history')), `${sql}\n`)
  }
  const files = trials.map(({ kind }, at) => `migrations/${fileName(101 + at, kind)}`)
  for (const [at, file] of files.entries())
    await writeFile(path.join(cwd, file), `${trials[at]?.sql ?? ''};\n`)
  return files
}

function fileName(number: number, title: string): string {
  return `${String(number).padStart(4, '0')}_${title.replaceAll(/[^a-zA-Z]+/g, '_')}.sql`
}

function costsOf(report: Report, files: readonly string[], trials: readonly Trial[]): Prediction['costs'] {
  return new Map(
    trials.map(({ sql }, at) => {
      const migration = report.migrations.find(({ file }) => file === files[at])
      return [sql, migration?.statements[0]?.cost]
    }),
  )
}
