import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execute, root } from '../real-tools/execute.ts'
import { cleanEnvironment } from '../real-tools/workspace.ts'
import type { RunTool } from './tool.ts'

export interface Project extends AsyncDisposable {
  readonly dir: string
  /** In which commands find the tool. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * A repository made of `fixtures/tools/<name>`: `base` is on main, `branch` besides on the branch that is checked out.
 * Disposing it deletes it.
 */
export async function projectOf(tool: RunTool, folder: string): Promise<Project> {
  const dir = await mkdtemp(path.join(tmpdir(), 'pgrehearse-project-'))
  const fixture = path.join(root, 'fixtures', 'tools', tool.name)
  const env = environmentFor(tool, folder)
  const git = async (...args: readonly string[]): Promise<void> => {
    await execute('git', args, { cwd: dir, env })
  }
  await cp(path.join(fixture, 'base'), dir, { recursive: true })
  if (tool.hasNodeModules) await symlink(path.join(folder, 'node_modules'), path.join(dir, 'node_modules'))
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message=History')
  await git('checkout', '--quiet', '-b', 'review')
  await cp(path.join(fixture, 'branch'), dir, { recursive: true, force: true })
  await git('add', '--all')
  await git('commit', '--quiet', '--message=Review')
  return { dir, env, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

function environmentFor({ programs = [] }: RunTool, folder: string): Record<string, string> {
  const folders = programs.map((one) => path.resolve(folder, one))
  return {
    ...(cleanEnvironment as Record<string, string>),
    PATH: [...folders, process.env['PATH'] ?? ''].join(path.delimiter),
    // what tools would like to tell or to ask the network
    DO_NOT_TRACK: '1',
    CHECKPOINT_DISABLE: '1',
    REDGATE_DISABLE_TELEMETRY: 'true',
    NO_UPDATE_NOTIFIER: '1',
    npm_config_update_notifier: 'false',
  }
}
