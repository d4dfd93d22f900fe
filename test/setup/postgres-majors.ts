import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Project folder that the tests hand to openServer() as `projectDir` when they want another major than 18. */
const majorsDir = fileURLToPath(new URL('../majors', import.meta.url))

/** npm writes this file last, so a half-finished installation counts as none. */
const finishedMark = join(majorsDir, 'node_modules', '.package-lock.json')

/**
 * Vitest's global set-up: installs Postgres 14 beside the project's own 18, once.
 *
 * The installation leaves out install scripts on purpose: then the package's links are missing, as they
 * are for users of pnpm or `--ignore-scripts`, and the tests go through our own making of them.
 */
export function setup(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.warn(
      `postgres-majors: NOT installing Postgres 14, test/majors only knows linux-x64 and this is ` +
        `${process.platform}-${process.arch}; tests on Postgres 14 will be skipped.`,
    )
    return
  }
  if (existsSync(finishedMark)) return
  console.log('postgres-majors: installing Postgres 14 into test/majors (once)')
  execFileSync(
    'npm',
    ['ci', '--prefix', majorsDir, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'],
    { stdio: 'inherit', cwd: majorsDir },
  )
}
