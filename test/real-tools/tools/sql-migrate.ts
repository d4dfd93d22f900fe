import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { installGoCommand } from '../go.ts'
import type { RealTool } from '../tool.ts'

const version = 'v1.8.1'

export const tool: RealTool = {
  name: 'sql-migrate',
  needs: ['go', 'cc'],
  installSeconds: 90,
  install: (folder, execute) =>
    installGoCommand(
      folder,
      { module: 'github.com/rubenv/sql-migrate', version, command: 'sql-migrate' },
      execute,
    ),
  async migrate({ folder, project, database, execute }) {
    const config = path.join(project, 'test-database.json')
    const settings = { dialect: 'postgres', datasource: database.url, dir: 'sql', table: 'migrations' }
    await writeFile(config, JSON.stringify({ production: settings }))
    await execute(path.join(folder, version, 'sql-migrate'), ['up', `-config=${config}`, '-env=production'], {
      cwd: project,
    })
  },
}
