import { defaultThresholds, type Thresholds, type WaitThresholds } from '../core/thresholds.ts'
import type { Config } from './schema.ts'

/** The thresholds of the configuration; where it says nothing, the defaults. */
export function thresholdsOf({ thresholds = {} }: Pick<Config, 'thresholds'>): Thresholds {
  return {
    readsBlocked: waitOf(thresholds.readsBlocked, defaultThresholds.readsBlocked),
    writesBlocked: waitOf(thresholds.writesBlocked, defaultThresholds.writesBlocked),
    runMs: thresholds.run ?? defaultThresholds.runMs,
    concurrentMs: thresholds.concurrent ?? defaultThresholds.concurrentMs,
  }
}

function waitOf(
  given: { readonly warning?: number; readonly error?: number } | undefined,
  defaults: WaitThresholds,
): WaitThresholds {
  return {
    warningMs: given?.warning ?? defaults.warningMs,
    errorMs: given?.error ?? defaults.errorMs,
  }
}
