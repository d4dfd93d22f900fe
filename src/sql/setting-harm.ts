import type { SessionSettings, Severity } from '../core/model.ts'

/** What a setting that is left behind does to what runs after it. */
export interface SettingHarm {
  /** Completes `migrations that run after this one …`. */
  readonly effect: string
  readonly severity: Severity
}

/**
 * Undefined where a setting only makes others slower or louder, or where it is as the session began, `begin`. What is
 * left out on purpose: positive timeouts, which are good practice, and settings of the planner and of messages.
 */
export function harmOfSetting(
  { name, value }: { readonly name: string; readonly value: string },
  begin: SessionSettings | undefined,
): SettingHarm | undefined {
  const limits: Readonly<Record<string, number | undefined>> = {
    lock_timeout: begin?.lockTimeoutMs,
    statement_timeout: begin?.statementTimeoutMs,
  }
  if (name in limits && ((limits[name] ?? 0) === 0 || Number.parseFloat(value) !== 0)) return undefined
  if (name === 'timezone' && begin?.timeZone.toLowerCase() === value.toLowerCase()) return undefined
  const known = harms[name]
  if (known === undefined || !known.when(value)) return undefined
  return { effect: known.effect, severity: known.severity ?? 'warning' }
}

const always = (): boolean => true
/** As parse_bool() takes it (bool.c). */
const isOff = (value: string): boolean => /^(?:off|of|f|fa|fal|fals|false|no?|0)$/i.test(value)
const asAnotherRole = 'run with the rights of another role, which also owns what they create'

const harms: Readonly<
  Record<string, { readonly effect: string; readonly severity?: Severity; when(value: string): boolean }>
> = {
  search_path: { effect: 'look for their tables in other schemas', when: always },
  role: { effect: asAnotherRole, when: always },
  session_authorization: { effect: asAnotherRole, when: always },
  session_replication_role: {
    effect: 'fire no triggers and check no foreign keys',
    when: (value) => value.toLowerCase() === 'replica',
  },
  default_transaction_read_only: { effect: 'cannot write', when: (value) => !isOff(value) },
  lock_timeout: { effect: 'wait for their locks without limit', when: always },
  statement_timeout: { effect: 'run without limit', when: always },
  timezone: { effect: 'read and convert timestamps in another time zone', when: always },
  row_security: { effect: 'fail where row security would filter', severity: 'info', when: isOff },
  check_function_bodies: {
    effect: 'create functions whose bodies nobody checks',
    severity: 'info',
    when: isOff,
  },
  default_tablespace: {
    effect: 'create their tables in another tablespace',
    when: (value) => value !== '',
  },
}
