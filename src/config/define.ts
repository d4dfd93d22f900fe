import type { MigrationSource } from '../core/source.ts'
import type { ConfigInput } from './schema.ts'

/** Types a configuration file: `export default defineConfig({ … })`. Validation happens when it is read. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

/** Types a migration source of your own, for `customSources`. */
export function defineSource(source: MigrationSource): MigrationSource {
  return source
}
