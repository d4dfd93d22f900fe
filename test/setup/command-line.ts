import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** File that starts the command line, bundled as users get it. */
    readonly commandLine: string
  }
}

/**
 * Vitest's global set-up: bundles the command line from the source as it is now. Tests start it hundreds of times, and
 * loading the source takes twice as long. The folder is this run's own, so that runs side by side do not meet.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const folder = `dist/test-cli-${process.pid}`
  execFileSync(process.execPath, ['scripts/bundle.mjs', folder], { cwd: root, stdio: 'inherit' })
  project.provide('commandLine', `${root}${folder}/main.js`)
  return () => rm(`${root}${folder}`, { recursive: true, force: true })
}
