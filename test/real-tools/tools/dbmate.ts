import path from 'node:path'
import { installPackages } from '../npm.ts'
import type { RealTool } from '../tool.ts'

export const tool: RealTool = {
  name: 'dbmate',
  needs: ['npm'],
  installSeconds: 10,
  // the npm package holds the binary of the platform
  install: (folder, execute) => installPackages(folder, { dbmate: '2.36.0' }, execute),
  async migrate({ folder, project, database, execute }) {
    await execute(
      path.join(folder, 'node_modules/.bin/dbmate'),
      [
        '--url',
        database.url,
        '--no-dump-schema',
        '--migrations-dir',
        path.join(project, 'db/migrations'),
        'migrate',
      ],
      { cwd: project },
    )
  },
}
