import { installPackages } from '../real-tools/npm.ts'
import type { RunTool } from './tool.ts'

/** A tool of the npm registry, which is installed as a project's own packages are; its version is that of the first. */
export function npmTool(
  name: string,
  packages: Readonly<Record<string, string>>,
  more: Pick<RunTool, 'readFromFiles' | 'keptAs'> = {},
): RunTool {
  return {
    ...more,
    name,
    needs: ['npm'],
    installSeconds: 10,
    hasNodeModules: true,
    install: (folder, execute) => installPackages(folder, packages, execute),
  }
}
