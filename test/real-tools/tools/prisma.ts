import path from 'node:path'
import { installPackages, runModule } from '../npm.ts'
import type { RealTool } from '../tool.ts'

/**
 * `prisma migrate deploy` runs an engine that is not to be had from the npm registry. This is the same engine as
 * WebAssembly: it lists, locks, orders and keeps the books as that one does, but leaves the sending of a script to a
 * driver adapter. The adapter sends it whole here, as the native engine does (apply_migration_script in
 * flavour/postgres/connector/native/mod.rs of prisma/prisma-engines); @prisma/adapter-pg would cut it at semicolons.
 */
const program = `
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg'

const [connectionString, baseDir] = process.argv.slice(2)
const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm').replace('engine.js', 'engine_bg.wasm')
const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': engine })
engine.__wbg_set_wasm(instance.exports)
instance.exports.__wbindgen_start()

class Whole extends PrismaPg {
  async connect() {
    const adapter = await super.connect()
    adapter.executeScript = (script) => adapter.client.query(script).then(() => undefined)
    return adapter
  }
}
const read = (name) => readFileSync(path.join(baseDir, name), 'utf8')
const names = readdirSync(baseDir, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
const schema = 'datasource db {\\n  provider = "postgresql"\\n}\\n'
const factory = bindMigrationAwareSqlAdapterFactory(new Whole({ connectionString, max: 1 }))
const prisma = await engine.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, factory)
await prisma.applyMigrations({
  migrationsList: {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: read('migration_lock.toml') },
    shadowDbInitScript: '',
    migrationDirectories: names
      .toSorted((a, b) => a.localeCompare(b))
      .map((name) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: read(name + '/migration.sql') } },
      })),
  },
  filters: { externalTables: [], externalEnums: [] },
})
process.exit(0)
`

export const tool: RealTool = {
  name: 'prisma',
  needs: ['npm'],
  installSeconds: 20,
  install: (folder, execute) =>
    installPackages(
      folder,
      {
        '@prisma/schema-engine-wasm': '8.1.0-2.59be4fda12412a79eeb9c2ae727b6aa723593323',
        '@prisma/adapter-pg': '7.10.1',
        '@prisma/driver-adapter-utils': '7.10.1',
      },
      execute,
    ),
  migrate: ({ folder, project, database, execute }) =>
    runModule(folder, program, [database.url, path.join(project, 'prisma/migrations')], execute),
}
