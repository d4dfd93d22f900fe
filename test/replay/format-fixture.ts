import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/load.ts'
import { check } from '../../src/check.ts'
import { knownNames } from '../../src/cli/catalogue.ts'
import type { Migration, Report } from '../../src/core/model.ts'
import { readScripts } from '../../src/judge-run.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { loadReporter } from '../../src/reporters/index.ts'
import { cleanEnv, repositoryWith, type Workspace } from '../review/repository.ts'

const formats = fileURLToPath(new URL('../../fixtures/formats', import.meta.url))

/** The migration tools that have a fixture: names of folders in fixtures/formats. */
export async function formatNames(): Promise<readonly string[]> {
  const entries = await readdir(formats, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** Where the golden report of a fixture is kept. */
export function expectedFile(name: string): string {
  return path.join(formats, name, 'expected.txt')
}

/** The fixture as a repository: `base` on main, a branch with `branch` on top of it checked out. */
export async function openFixture(name: string): Promise<Workspace> {
  const workspace = await repositoryWith(await filesBelow(path.join(formats, name, 'base')))
  await workspace.git('checkout', '--quiet', '-b', 'feature')
  await workspace.commit(await filesBelow(path.join(formats, name, 'branch')))
  return workspace
}

/** The order and transactions of everything that production runs, then the report of `check`. */
export async function fixtureReport(workspace: Workspace): Promise<string> {
  const { config } = await loadConfig({ cwd: workspace.path, enabled: true, known: knownNames })
  const common = {
    cwd: workspace.path,
    paths: [],
    all: false,
    env: cleanEnv,
  }
  const [settings] = config.migrations ?? []
  const { dir, transaction, ...rest } = settings ?? {}
  const reviewSet = await decideReviewSet({
    ...common,
    settings: {
      ...rest,
      ...(dir === undefined ? {} : { dirs: [dir] }),
      ...(transaction === undefined ? {} : { transaction: { mode: transaction, why: 'configuration' } }),
    },
  })
  const scripts = await readScripts(reviewSet, true)
  const report = await check({
    ...common,
    replay: true,
    failOn: 'error',
    requireRehearsal: false,
    sharedServer: false,
    superuser: false,
    suggestions: false,
    config,
    signal: new AbortController().signal,
    progress: () => {},
    now: new Date('2026-01-01T00:00:00Z'),
  })
  const lines = [
    'History',
    ...scripts.history.map(describe),
    '',
    'Under review',
    ...scripts.review.map(describe),
    '',
    await terminalReport(report),
  ]
  return lines.join('\n')
}

/** `db/1.sql (1), file: 0b 0b` - the numbers of its statements' transactions, `b` inside of a block. */
function describe({ file, version, transaction, statements }: Migration): string {
  const layout = statements.map(
    (statement) => `${statement.transaction}${statement.inTransactionBlock ? 'b' : ''}`,
  )
  return `  ${file} (${version ?? '-'}), ${transaction.mode}, ${transaction.why}: ${layout.join(' ')}`
}

async function terminalReport(report: Report): Promise<string> {
  const terminal = await loadReporter('terminal')
  return terminal(report, {
    color: false,
    width: 100,
    toolUrl: 'https://example.org/pgrehearse',
    ruleUrl: () => undefined,
    ruleTitle: () => undefined,
  })
}

async function filesBelow(folder: string): Promise<Readonly<Record<string, Uint8Array>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name)
        return [path.relative(folder, file).replaceAll(path.sep, '/'), await readFile(file)] as const
      }),
  )
  return Object.fromEntries(files)
}
