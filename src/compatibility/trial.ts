/** Prepares and plans queries on a session whose commands each end by themselves. */
import type { WireCommand, WireDescription, WireError, WireResult } from '../replay/wire.ts'
import type { QueryShape } from './query-shape.ts'

/** A way to send commands each of which ends by itself. */
export type SendEach = (commands: readonly WireCommand[]) => Promise<readonly WireResult[]>

/** What came of preparing and planning a query. */
export interface Tried {
  readonly shape: QueryShape
  readonly description?: WireDescription
  readonly error?: WireError
  readonly unchecked?: string
}

/** Prepares each and plans those of `plans`. `forget`: which prepared statements the session loses afterwards. */
export async function tryShapes(
  shapes: readonly QueryShape[],
  send: SendEach,
  forget: 'all' | 'ours',
  plans: (shape: QueryShape) => boolean = () => true,
): Promise<readonly Tried[]> {
  const trials = shapes.map((shape, index) => new Trial(shape, `pgrehearse_${index}`))
  await parse(trials, send)
  const more = await plan(
    trials.filter(({ shape }) => plans(shape)),
    send,
    forget,
  )
  const ours = [...trials, ...more].filter(({ isPrepared }) => isPrepared).map(({ name }) => name)
  const names = forget === 'all' ? ['all'] : ours
  await send(names.map((name) => ({ sql: `deallocate ${name}` })))
  return trials.map(({ shape, error, description }) => ({
    shape,
    ...(error === undefined ? {} : { error }),
    ...(description === undefined ? {} : { description }),
  }))
}

class Trial {
  readonly shape: QueryShape
  readonly name: string
  types: readonly number[] = []
  error: WireError | undefined
  description: WireDescription | undefined
  isPrepared = false
  /** The parameter that is being given a type, and why. */
  guess: { readonly number: number; next: number; readonly error: WireError } | undefined

  constructor(shape: QueryShape, name: string) {
    this.shape = shape
    this.name = name
  }

  get command(): WireCommand {
    return { sql: this.shape.probe ?? '', describe: { name: this.name, types: this.types } }
  }

  take(result: WireResult | undefined): void {
    this.error = result?.error
    this.description = result?.error === undefined ? result?.description : undefined
    this.isPrepared ||= this.description !== undefined
  }
}

async function parse(trials: readonly Trial[], send: SendEach): Promise<void> {
  let open = trials.filter(({ shape }) => shape.probe !== undefined)
  for (const trial of open.filter(({ shape }) => shape.probe?.includes('\0'))) trial.error = withZero
  open = open.filter(({ error }) => error === undefined)
  for (let round = 0; open.length > 0 && round < mostRounds; round += 1) {
    const results = await send(open.map(({ command }) => command))
    for (const [index, trial] of open.entries()) trial.take(results[index])
    open = open.filter(giveType)
  }
}

const withZero: WireError = { code: '22021', message: 'a zero byte cannot be in SQL' }

/** Of giving types to parameters. */
const mostRounds = 24

/** What drivers send: text, bigint, timestamptz, boolean, numeric, uuid, jsonb, date (pg_type.dat). */
const candidates = [25, 20, 1184, 16, 1700, 2950, 3802, 1082]

/**
 * `could not determine data type of parameter $1`: as drivers do, gives it one; then another one where that does not fit.
 * False when there is nothing to give, or nothing left.
 */
function giveType(trial: Trial): boolean {
  const { error } = trial
  if (error === undefined) return false
  const number = untyped.has(error.code) ? Number(/parameter \$(\d+)/.exec(error.message)?.[1] ?? 0) : 0
  if (number > 0 && number <= mostParameters && trial.guess?.number !== number) {
    trial.guess = { number, next: 0, error }
  } else if (trial.guess === undefined || !(unfit.has(error.code) || untyped.has(error.code))) return false
  const { guess } = trial
  const type = candidates[guess.next]
  guess.next += 1
  if (type === undefined) {
    trial.error = guess.error
    return false
  }
  trial.types = Array.from({ length: Math.max(guess.number, trial.types.length) }, (_, index) =>
    index === guess.number - 1 ? type : (trial.types[index] ?? 0),
  )
  return true
}

/** indeterminate_datatype, ambiguous_parameter */
const untyped: ReadonlySet<string> = new Set(['42P18', '42P08'])

/** undefined_function, datatype_mismatch, cannot_coerce, ambiguous_function */
const unfit: ReadonlySet<string> = new Set(['42883', '42804', '42846', '42725'])

/** The protocol counts them in 16 bits. */
const mostParameters = 65_535

/** Only planning finds what ON CONFLICT needs, missing rights, and functions whose body does not fit any more. */
async function plan(
  trials: readonly Trial[],
  send: SendEach,
  forget: 'all' | 'ours',
): Promise<readonly Trial[]> {
  const open = trials.filter(
    ({ shape, description }) => description !== undefined && !shape.isSurrogate && shape.tag !== 'CallStmt',
  )
  if (open.length === 0) return []
  const results = await sendPlans(open, send, forget)
  const again: Trial[] = []
  for (const [index, trial] of open.entries()) {
    const error = results[index]?.error
    // the session was another one meanwhile: no answer
    const isNew = error?.code === '26000'
    if (error === undefined || isNew) {
      if (isNew || results[index]?.tag === undefined) trial.take(undefined)
    } else if (dataCodes.test(error.code) && (trial.description?.parameterTypes.length ?? 0) > 0) {
      again.push(trial)
    } else trial.take({ ...unanswered, error })
  }
  // NULL is no value of some domains: without parameters of that type nothing is planned
  return again.length === 0 ? [] : planWithBaseTypes(again, send, forget)
}

/**
 * A function that planning calls may set search_path, say, for its session: the next query must not
 * meet that. Within a script's transaction whoever sends takes back each command. Both do it twice: a statement_timeout of a
 * millisecond may end the first, which brings back the timeout that was in force before.
 */
async function sendPlans(
  trials: readonly Trial[],
  send: SendEach,
  forget: 'all' | 'ours',
): Promise<readonly (WireResult | undefined)[]> {
  if (forget === 'ours') return send(trials.map(explain))
  const commands = trials.flatMap((trial) => [
    { sql: 'begin read only' },
    explain(trial),
    { sql: 'rollback' },
    { sql: 'rollback' },
  ])
  const results = await send(commands)
  return trials.map((_, index) => results[4 * index + 1])
}

const unanswered = { tag: undefined, rows: [], notices: [], durationMs: 0 }

/** Violated constraints, unfit data: of our NULLs. */
const dataCodes = /^2[23]/

function explain({ name, description }: Trial): WireCommand {
  const values = description?.parameterTypes.map(() => 'null') ?? []
  return {
    sql: `explain (costs off) execute ${name}${values.length === 0 ? '' : `(${values.join(', ')})`}`,
  }
}

/** Gives the further prepared statements that this took. */
async function planWithBaseTypes(
  trials: readonly Trial[],
  send: SendEach,
  forget: 'all' | 'ours',
): Promise<readonly Trial[]> {
  const types = [...new Set(trials.flatMap(({ description }) => description?.parameterTypes ?? []))]
  const [found] = await send([{ sql: baseTypesSql(types) }])
  const bases = new Map(found?.rows.map(([type, base]) => [Number(type), Number(base)]))
  const renamed = trials.map((trial) => {
    const again = new Trial(trial.shape, `${trial.name}_base`)
    again.types = trial.description?.parameterTypes.map((type) => bases.get(type) ?? type) ?? []
    return again
  })
  const results = await send(renamed.map(({ command }) => command))
  for (const [index, trial] of renamed.entries()) trial.take(results[index])
  const able = renamed.filter(({ description }) => description !== undefined)
  const planned = await sendPlans(able, send, forget)
  for (const [index, again] of able.entries()) {
    const error = planned[index]?.error
    // what it still says of data is about our NULLs
    if (error === undefined || dataCodes.test(error.code)) continue
    trials[renamed.indexOf(again)]?.take({ ...unanswered, error })
  }
  return renamed
}

function baseTypesSql(types: readonly number[]): string {
  return `with recursive below as (
      select oid as type, oid as base from pg_catalog.pg_type where oid = any(array[${types.join(', ')}]::oid[])
      union all
      select below.type, t.typbasetype from below join pg_catalog.pg_type t on t.oid = below.base
      where t.typtype = 'd')
    select below.type::bigint, below.base::bigint from below
    join pg_catalog.pg_type t on t.oid = below.base where t.typtype <> 'd'`
}
