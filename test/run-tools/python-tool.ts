import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunTool } from './tool.ts'

/** A tool of PyPI in an environment of its own; its version is that of the first package (`django==5.2.19`). */
export function pythonTool(name: string, packages: readonly string[]): RunTool {
  return {
    name,
    needs: ['python3'],
    installSeconds: 20,
    programs: ['venv/bin'],
    async install(folder, execute) {
      const stamp = path.join(folder, 'installed')
      const wanted = packages.join('\n')
      if ((await readFile(stamp, 'utf8').catch(() => '')) !== wanted) {
        await execute('python3', ['-m', 'venv', '--clear', path.join(folder, 'venv')])
        await execute(path.join(folder, 'venv/bin/pip'), ['install', '--quiet', ...packages])
        await writeFile(stamp, wanted)
      }
      return packages[0]?.split('==')[1] ?? ''
    },
  }
}
