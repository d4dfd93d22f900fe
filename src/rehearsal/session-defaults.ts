import type { CheckOptions } from '../check-options.ts'
import { configDefaults } from '../config/defaults.ts'

type Configured = Pick<CheckOptions, 'config'>

/** The TimeZone that production's migrations run under; UTC is assumed. */
export function timeZoneOf({ config }: Configured): string {
  return config.timeZone ?? config.settings?.['timezone'] ?? configDefaults.timeZone
}

/**
 * What a session in production begins with, by the name of the setting: its TimeZone, what the platform and production
 * give to the role or the database, and the timeouts that the migration runner sets after that.
 */
export function sessionDefaults(
  options: Configured,
  platform: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const { runner, settings = {} } = options.config
  const { timezone: _, ...others } = settings
  return {
    TimeZone: timeZoneOf(options),
    ...platform,
    ...others,
    ...(runner?.lockTimeout === undefined ? {} : { lock_timeout: `${runner.lockTimeout}ms` }),
    ...(runner?.statementTimeout === undefined ? {} : { statement_timeout: `${runner.statementTimeout}ms` }),
  }
}
