import path from 'node:path'
import { installPackages, runModule } from './npm.ts'
import type { RealTool } from './tool.ts'

const program = `
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

const [connectionString, migrationsFolder] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString, max: 1 })
await migrate(drizzle({ client: pool }), { migrationsFolder })
await pool.end()
`

/** drizzle-orm's migrator over node-postgres, which is also what `drizzle-kit migrate` calls. */
export function drizzleTool(name: string, version: string, migrations: string): RealTool {
  return {
    name,
    needs: ['npm'],
    installSeconds: 15,
    install: (folder, execute) => installPackages(folder, { 'drizzle-orm': version, pg: '^8.16.0' }, execute),
    migrate: ({ folder, project, database, execute }) =>
      runModule(folder, program, [database.url, path.join(project, migrations)], execute),
  }
}
