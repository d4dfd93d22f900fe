import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { installGoCommand } from '../go.ts'
import type { RealTool } from '../tool.ts'

const version = 'v6.4.1'

export const tool: RealTool = {
  name: 'pop',
  needs: ['go'],
  installSeconds: 60,
  install: (folder, execute) =>
    installGoCommand(folder, { module: 'github.com/gobuffalo/pop/v6', version, command: 'soda' }, execute),
  async migrate({ folder, project, database, execute }) {
    // what it would create is not in our rehearsal
    await rm(path.join(project, 'migrations/20240115090000_create_tags.up.fizz'))
    const settings = { production: { dialect: 'postgres', url: database.url } }
    await writeFile(path.join(project, 'database.yml'), JSON.stringify(settings))
    await execute(path.join(folder, version, 'soda'), ['migrate', 'up', '-e', 'production'], { cwd: project })
  },
}
