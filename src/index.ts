/**
 * The public API: run the main job, type a configuration, write rules and sources of your own.
 * What is not exported here is internal and may change in any release.
 */
export type { CheckOptions } from './check-options.ts'
export * from './config/authoring.ts'
export type { Config, ConfigInput } from './config/schema.ts'
export { ConfigError, EnvironmentError, ToolError, UsageError } from './core/errors.ts'
export type { Baseline, BaselineEntry, WrittenEntry } from './core/baseline.ts'
export type * from './core/model.ts'
export type * from './core/source.ts'
export type * from './rule.ts'

import type { CheckOptions } from './check-options.ts'
import type { Report } from './core/model.ts'

/**
 * Runs the main job and gives its report; nothing is printed, and no configuration is read.
 * Throws ToolError for what the user can mend.
 */
export async function check(options: CheckOptions): Promise<Report> {
  // Imported when called: a configuration file imports this module for its types only.
  const pipeline = await import('./merged/several-majors.ts')
  return pipeline.checkOnMajors(options)
}
