import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execute, root } from './execute.ts'

/** The environment without what changes what git or GitLab would say. */
export const cleanEnvironment: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  Object.entries({
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }).filter(([name]) => !name.startsWith('CI') && !name.startsWith('GITLAB')),
)

/** A committed copy of a fixture as it is on its branch; disposing it deletes it. */
export async function projectOf(name: string): Promise<AsyncDisposable & { readonly dir: string }> {
  const dir = await mkdtemp(path.join(tmpdir(), 'pgrehearse-project-'))
  const fixture = path.join(root, 'fixtures', 'formats', name)
  await cp(path.join(fixture, 'base'), dir, { recursive: true })
  await cp(path.join(fixture, 'branch'), dir, { recursive: true, force: true })
  const env = cleanEnvironment as Record<string, string>
  for (const args of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '--all'],
    ['commit', '--quiet', '--message=x'],
  ])
    await execute('git', args, { cwd: dir, env })
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}
