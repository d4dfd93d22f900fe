/**
 * What a configuration file can import from `pgrehearse`: the functions that type a configuration, rules and
 * sources of one's own, and the words that a rule needs. A part of the public API, so additions are for good.
 */
export { defineConfig, defineSource } from './define.ts'
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
