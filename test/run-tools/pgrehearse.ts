import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import type { Report } from '../../src/core/model.ts'
import { execute, root } from '../real-tools/execute.ts'
import type { Project } from './project.ts'

/** `pgrehearse check` of the project, in which its command is run. */
export function checkByCommand(project: Project): Promise<Report> {
  return report(project, ['check', ...options])
}

/** The same with a configuration that names no command: migrations are read from their files. */
export async function checkByFiles(project: Project): Promise<Report> {
  const config = parse(await readFile(path.join(project.dir, 'pgrehearse.config.yaml'), 'utf8')) as {
    readonly migrations: Readonly<Record<string, unknown>>
  }
  const { migrate: _, history: __, down: ___, ...migrations } = config.migrations
  const file = path.join(project.dir, '.git', 'by-files.yaml')
  await writeFile(file, stringify({ ...config, migrations }))
  return report(project, ['check', ...options, '--config', file])
}

const options = ['--base', 'main', '--fail-on', 'never', '--format', 'json']

async function report({ dir, env }: Project, args: readonly string[]): Promise<Report> {
  const tsx = path.join(root, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs')
  const program = ['--import', tsx, path.join(root, 'src', 'cli', 'main.ts')]
  const json = await execute(process.execPath, [...program, ...args], { cwd: dir, env, seconds: 240 })
  return JSON.parse(json) as Report
}
