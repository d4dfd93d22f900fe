import path from 'node:path'
import type { RealTool } from '../tool.ts'

/** No tool but psql: the sample repository has a script of its own. */
export const tool: RealTool = {
  name: 'schema-dump',
  needs: ['psql', 'sh'],
  installSeconds: 0,
  async install(_folder, execute) {
    return (await execute('psql', ['--version'])).trim()
  },
  async migrate({ project, database, execute }) {
    await execute(path.join(project, 'bin/migrate'), [], {
      cwd: project,
      env: {
        PGHOST: database.host,
        PGPORT: String(database.port),
        PGUSER: database.user,
        PGPASSWORD: database.password,
        PGDATABASE: database.name,
      },
    })
  },
  before:
    'create role helpdesk; create role reader; grant helpdesk, reader, postgres to app; grant create on schema public to helpdesk, app',
}
