import path from 'node:path'
import { installPackages } from '../npm.ts'
import type { RealTool } from '../tool.ts'

export const tool: RealTool = {
  name: 'graphile-migrate',
  needs: ['npm'],
  installSeconds: 15,
  // the role of the fixture's placeholder, and the names that stand for those of a connection
  before: 'create role members_visitor nologin',
  install: (folder, execute) =>
    installPackages(folder, { 'graphile-migrate': '1.4.1', pg: '^8.16.0' }, execute),
  async migrate({ folder, project, database, execute }) {
    const program = path.join(folder, 'node_modules', 'graphile-migrate', 'dist', 'cli.js')
    const options = {
      cwd: project,
      env: {
        DATABASE_URL: database.url,
        SHADOW_DATABASE_URL: `${database.url}&x=shadow`,
        ROOT_DATABASE_URL: 'none',
      },
    }
    await execute(process.execPath, [program, 'migrate'], options)
    // the current migration, as a developer has it
    await execute(process.execPath, [program, 'watch', '--once'], options)
  },
}
