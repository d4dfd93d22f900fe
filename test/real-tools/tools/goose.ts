import { rm } from 'node:fs/promises'
import path from 'node:path'
import { installGoCommand } from '../go.ts'
import type { RealTool } from '../tool.ts'

const version = 'v3.29.0'

export const tool: RealTool = {
  name: 'goose',
  needs: ['go'],
  installSeconds: 60,
  install: (folder, execute) =>
    installGoCommand(
      folder,
      {
        module: 'github.com/pressly/goose/v3',
        version,
        command: 'cmd/goose',
        // the drivers of other databases
        tags: 'no_clickhouse,no_libsql,no_mssql,no_mysql,no_spanner,no_sqlite3,no_starrocks,no_turso,no_vertica,no_ydb',
      },
      execute,
    ),
  async migrate({ folder, project, database, execute }) {
    const migrations = path.join(project, 'db/migrations')
    // the command has no Go migrations in it, and refuses those it finds
    await rm(path.join(migrations, '20240115093000_backfill_weights.go'))
    await execute(path.join(folder, version, 'goose'), ['-dir', migrations, 'postgres', database.url, 'up'])
  },
}
