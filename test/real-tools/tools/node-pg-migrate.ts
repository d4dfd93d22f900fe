import path from 'node:path'
import { installPackages } from '../npm.ts'
import type { RealTool } from '../tool.ts'

export const tool: RealTool = {
  name: 'node-pg-migrate',
  needs: ['npm'],
  installSeconds: 15,
  install: (folder, execute) =>
    installPackages(folder, { 'node-pg-migrate': '9.0.0', pg: '^8.16.0' }, execute),
  async migrate({ folder, project, database, execute }) {
    const program = path.join(folder, 'node_modules', 'node-pg-migrate', 'bin', 'node-pg-migrate.js')
    await execute(process.execPath, [program, 'up', '-m', path.join(project, 'db/migrations')], {
      cwd: folder,
      env: { DATABASE_URL: database.url },
    })
  },
}
