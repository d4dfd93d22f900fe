import type { Report } from '../core/model.ts'
import type { MigrationSource } from '../core/source.ts'
import type { ConfigInput } from './schema.ts'

/** A report format of your own: `--format <id>[:file]`. */
export interface CustomReporter {
  /** What `--format` calls it: kebab-case, and none of our formats. */
  readonly id: string
  readonly title: string
  /** The whole text, from the report alone. What comes from migrations and file names is not escaped. */
  readonly render: (report: Report) => string
}

/** Types a configuration file: `export default defineConfig({ … })`. Validation happens when it is read. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

/** Types a migration source of your own, for `customSources`. */
export function defineSource(source: MigrationSource): MigrationSource {
  return source
}

/** Types a report format of your own, for `customReporters`. */
export function defineReporter(reporter: CustomReporter): CustomReporter {
  return reporter
}
