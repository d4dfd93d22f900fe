/** Our own looks inside of sessions whose statement_timeout is the migration's to set: it must not end them. */
import { EnvironmentError } from '../core/errors.ts'
import type { ProbeRows } from './probe.ts'
import type { WireCommand } from './wire.ts'

/** What measuring adds to a statement and asks behind it takes a millisecond, on a busy machine some. */
const shortMs = 100

/** May the timeout that was in force before the statement, or that it sets, end a look behind it? */
export function mayEndLook(sql: string, statementTimeoutMs: number): boolean {
  return isShort(statementTimeoutMs) || /statement_timeout/i.test(sql)
}

/** Is the timeout so short that it may end a statement here for what measuring adds? */
export function isShort(statementTimeoutMs: number): boolean {
  return statementTimeoutMs > 0 && statementTimeoutMs < shortMs
}

/** For the rest of the transaction, or of the exchange outside of one; its first column is what was in force. */
const lift: WireCommand = {
  sql: `select pg_catalog.set_config('pgrehearse.statement_timeout', pg_catalog.current_setting('statement_timeout'), true),
  pg_catalog.set_config('statement_timeout', '0', true)`,
}

const restore: WireCommand = {
  sql: `select pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('pgrehearse.statement_timeout'), true)`,
}

/** Looks that no timeout ends. */
export function untimed(looks: readonly WireCommand[]): readonly WireCommand[] {
  return [lift, ...looks, restore]
}

/** The probe's rows with the timeout that was in force, of what {@link untimed} began with. */
export function withTimeout(probed: ProbeRows, lifted: ProbeRows): ProbeRows {
  const [first, ...others] = probed
  return first === undefined ? probed : [first.with(2, lifted[0]?.[0] ?? '0'), ...others]
}

/** What a new session is prepared with, in one message; also warms what {@link untimed} begins with. */
export function untimedSql(sql: string, serverMajor: number): string {
  const names = ['statement_timeout', ...(serverMajor >= 17 ? ['transaction_timeout'] : [])]
  const each = (words: (name: string) => string): string => names.map(words).join('; ')
  return `${each((name) => `set ${name} = 0`)}; ${sql}; ${lift.sql}; ${each((name) => `reset ${name}`)}`
}

/** statement_timeout, idle_in_transaction_session_timeout, transaction_timeout, idle_session_timeout */
const timeouts: ReadonlySet<unknown> = new Set(['57014', '25P03', '25P04', '57P05'])

export function isTimeout(error: unknown): error is { readonly message: string } {
  return typeof error === 'object' && error !== null && 'code' in error && timeouts.has(error.code)
}

/** A session that ends before anything has been run in it. */
export function noTime({ message }: { readonly message: string }): EnvironmentError {
  return new EnvironmentError(`A new session of the migrations ends before it can be measured: ${message}.`, {
    hint: 'ALTER ROLE or ALTER DATABASE of a migration gives sessions a timeout that leaves no time for that. Raise it.',
  })
}
