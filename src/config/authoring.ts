/**
 * What a configuration file can import from `pgrehearse`: the functions that type a configuration, rules, sources and
 * reporters of one's own, and the words that a rule needs. A part of the public API, so additions are for good.
 */
export { defineConfig, defineReporter, defineSource } from './define.ts'
export type { CustomReporter } from './define.ts'
export {
  blocksReads,
  blocksWrites,
  conflictsWith,
  defineRule,
  displayName,
  existingTableLocks,
  lockStrength,
  whatWaits,
} from '../rule.ts'
