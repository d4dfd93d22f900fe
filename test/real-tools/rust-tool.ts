import path from 'node:path'
import { root } from './execute.ts'
import { Unavailable, type RealTool } from './tool.ts'

const crate = path.join(root, 'test', 'real-tools', 'rust')

/**
 * A migration library of Rust. There is no quick way to their command line tools: one small program (see rust/src/main.rs)
 * calls all of them as the programs of their users do, so only the first one takes its time to build.
 */
export function rustTool(
  name: 'sqlx' | 'diesel' | 'refinery',
  migrationsOf: (project: string) => string,
): RealTool {
  return {
    name,
    needs: ['cargo', 'cc', 'pg_config'],
    installSeconds: 300,
    async install(folder, execute) {
      const target = targetOf(folder)
      const args = ['build', '--locked', '--jobs=1', `--manifest-path=${path.join(crate, 'Cargo.toml')}`]
      try {
        await execute('cargo', [...args, `--target-dir=${target}`], { seconds: 900 })
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        if (/-lpq\b|failed to (?:get|download)|Could not resolve/.test(message))
          throw new Unavailable(`it cannot be built here: ${message.split('\n')[0]}`)
        throw error
      }
      const listed = await execute('cargo', [
        'tree',
        '--locked',
        `--manifest-path=${path.join(crate, 'Cargo.toml')}`,
        '--depth=1',
        '--prefix=none',
      ])
      const line = listed.split('\n').find((entry) => entry.startsWith(`${name} `))
      return line?.split(' ')[1] ?? 'of an unknown version'
    },
    async migrate({ folder, project, database, execute }) {
      await execute(path.join(targetOf(folder), 'debug', 'migrators'), [
        name,
        migrationsOf(project),
        database.url,
      ])
    },
  }
}

/** One for all three. */
function targetOf(folder: string): string {
  return path.join(folder, '..', 'rust')
}
