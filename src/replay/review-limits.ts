/** What a rehearsal of migrations under review did not get to see, in sentences. */
import type { Limit, Migration } from '../core/model.ts'
import type { OurFailure } from './failures.ts'
import type { LeftOut } from './left-out.ts'
import type { MigrationFailure } from './measure.ts'
import { preflightSelect } from './preflight.ts'

interface OurLeftOut extends LeftOut {
  readonly cause: OurFailure
}

/** One limit per reason; what merely follows from others is told together. */
export function leftOutLimits(migration: Migration, leftOut: readonly LeftOut[]): readonly Limit[] {
  const rows = leftOut.filter(({ cause }) => cause.whose === 'data')
  const reasons = new Map<string, OurLeftOut[]>()
  for (const one of leftOut.filter(isOurs)) {
    const key = one.cause.follows === true ? '' : one.cause.why
    reasons.set(key, [...(reasons.get(key) ?? []), one])
  }
  return [
    ...[...reasons.values()].map((those) => leftOutLimit(migration, those)),
    ...rows.map(({ failure }) => dependsOnData(failure)),
  ]
}

function isOurs(one: LeftOut): one is OurLeftOut {
  return one.cause.whose === 'ours'
}

function leftOutLimit({ file }: Migration, leftOut: readonly OurLeftOut[]): Limit {
  const [first] = leftOut
  const whys = [...new Set(leftOut.map(({ cause }) => cause.why))]
  const more = whys.length - 1
  const why = `${whys[0] ?? ''}${more === 0 ? '' : `, and ${more} more like it`}`
  const lines = leftOut.map(({ failure }) => failure.statement.span.start.line)
  const those =
    lines.length === 1
      ? 'This statement could not be rehearsed and is judged by prediction'
      : `The statements of lines ${listed(lines)} could not be rehearsed and are judged by prediction`
  const hint = first?.cause.hint
  return {
    code: 'not-rehearsed',
    message: `${those}: ${why}.`,
    ...(hint === undefined ? {} : { hint }),
    ...(first === undefined ? {} : { span: { ...first.failure.statement.span, file } }),
    ...(leftOut.length === 1
      ? {}
      : {
          steps: leftOut.map(({ failure: { statement, error } }) => ({
            span: { ...statement.span, file },
            message: `${error.message} (SQLSTATE ${error.sqlstate})`,
          })),
        }),
  }
}

const maxListed = 8

function listed(lines: readonly number[]): string {
  const more = lines.length - maxListed
  if (more > 0) return `${lines.slice(0, maxListed).join(', ')} and ${more} more`
  return `${lines.slice(0, -1).join(', ')} and ${lines.at(-1) ?? ''}`
}

/**
 * The rehearsal of this migration ends with a failure that nothing can be done about here.
 * @param rest a sentence about what stands behind it
 */
export function notRehearsed(
  { file }: Migration,
  { statement }: MigrationFailure,
  { why, hint }: OurFailure,
  rest: string = 'It is judged by prediction.',
): Limit {
  return {
    code: 'not-rehearsed',
    message: `${file} could not be rehearsed from here on: ${why}. ${rest}`,
    ...(hint === undefined ? {} : { hint }),
    span: statement.span,
  }
}

/** Migrations that were not begun, told together. */
export function notReached(migrations: readonly Migration[], why: string, hint: string): Limit {
  const [first = '', second = '', ...others] = migrations.map(({ file }) => file)
  const subject =
    migrations.length === 1
      ? `${first} was`
      : `${first} and ${others.length === 0 ? second : `${others.length + 1} more migrations`} were`
  const judged = migrations.length === 1 ? 'it is' : 'they are'
  return {
    code: 'not-rehearsed',
    message: `${subject} not rehearsed, because ${why}; ${judged} judged by prediction.`,
    hint,
  }
}

/** The statement fails here for rows that are not those of production. */
export function dependsOnData(failure: MigrationFailure): Limit {
  const select = preflightSelect(failure.statement)
  return {
    code: 'depends-on-data',
    message: `Whether this statement succeeds depends on the rows in production (here: ${failure.error.message}, SQLSTATE ${failure.error.sqlstate}).`,
    ...(select === undefined
      ? { hint: 'Check the rows it concerns in production beforehand.' }
      : { hint: 'Run this in production beforehand:', sql: select }),
    span: failure.statement.span,
  }
}
