import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { between, wantedMajors } from '../postgres/majors.ts'

/** Project folder that the tests hand to openServer() as `projectDir` when they want another major than 18. */
const majorsDir = fileURLToPath(new URL('../majors', import.meta.url))

/**
 * Vitest's global set-up: installs Postgres 14 beside the project's own 18, once; 15, 16 and 17 only where
 * PGREHEARSE_MAJORS asks for them.
 */
export function setup(): void {
  installMajors(wantedMajors(process.env['PGREHEARSE_MAJORS']))
}

/**
 * Installs the majors that npm's lock files under test/majors pin.
 *
 * The installation leaves out install scripts on purpose: then the package's links are missing, as they
 * are for users of pnpm or `--ignore-scripts`, and the tests go through our own making of them.
 */
export function installMajors(majors: readonly number[]): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.warn(
      `postgres-majors: NOT installing other majors of Postgres, test/majors only knows linux-x64 and this is ` +
        `${process.platform}-${process.arch}; tests on them will be skipped.`,
    )
    return
  }
  install(majorsDir, 'Postgres 14')
  if (majors.some((major) => between.includes(major))) {
    install(join(majorsDir, 'between'), 'Postgres 15, 16 and 17')
  }
}

function install(folder: string, what: string): void {
  // npm writes this file last, so a half-finished installation counts as none
  if (existsSync(join(folder, 'node_modules', '.package-lock.json'))) return
  console.log(`postgres-majors: installing ${what} into ${folder} (once)`)
  execFileSync(
    'npm',
    ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'],
    { stdio: 'inherit', cwd: folder },
  )
}
