import path from 'node:path'
import { Client } from 'pg'
import { supabasePlatform } from '../../../src/sources/supabase-platform.ts'
import { installPackages } from '../npm.ts'
import type { RealTool } from '../tool.ts'

const { roles = [], settings = {}, sql } = supabasePlatform

/** The roles as superuser, so that the migrating role may give objects to them; the rest of the platform is ours too. */
const before = [
  ...roles.map((role) =>
    role === 'postgres' ? 'grant postgres to app' : `create role ${role} nologin; grant ${role} to app`,
  ),
  ...Object.entries(settings).map(([name, value]) => `alter database app set ${name} to ${value}`),
].join(';\n')

export const tool: RealTool = {
  name: 'supabase',
  needs: ['npm'],
  installSeconds: 60,
  before,
  // the CLI is a program of its own for each platform, which npm brings as an optional dependency
  install: (folder, execute) => installPackages(folder, { supabase: '3.1.0' }, execute),
  async migrate({ folder, project, database, execute }) {
    const client = new Client({ connectionString: database.url })
    await client.connect()
    await client.query(sql)
    await client.end()
    const program = path.join(folder, 'node_modules', 'supabase', 'dist', 'supabase.js')
    await execute(process.execPath, [program, 'db', 'push', '--yes', '--db-url', database.url], {
      cwd: project,
      env: { HOME: folder, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' },
    })
  },
}
