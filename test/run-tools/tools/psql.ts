import type { RunTool } from '../tool.ts'

/** No tool but psql: the project has a script of its own. */
export const tool: RunTool = {
  name: 'psql',
  needs: ['psql', 'sh'],
  installSeconds: 0,
  readFromFiles: true,
  install: async (_folder, execute) => (await execute('psql', ['--version'])).trim().split(' ')[2] ?? '',
}
