import path from 'node:path'
import type { RealTool } from '../tool.ts'

export const tool: RealTool = {
  name: 'golang-migrate',
  needs: ['go'],
  installSeconds: 60,
  async install(folder, execute) {
    const version = 'v4.19.0'
    await execute(
      'go',
      ['install', '-tags=postgres', `github.com/golang-migrate/migrate/v4/cmd/migrate@${version}`],
      {
        env: { GOBIN: folder },
      },
    )
    return version
  },
  async migrate({ folder, project, database, execute }) {
    await execute(path.join(folder, 'migrate'), [
      '-path',
      path.join(project, 'db/migrations'),
      '-database',
      database.url,
      'up',
    ])
  },
}
