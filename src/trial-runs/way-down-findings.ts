/** The findings of going back, at the statement of the way down that is to blame, else at its beginning. */
import type { Finding, Span } from '../core/model.ts'
import { reservedFinding } from '../judge/reserved.ts'
import type { SchemaDifference } from '../replay/fingerprint.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { schemaDifferenceLines } from '../replay/schema-diff-text.ts'
import type { DownFailure, WayBack } from '../trials/way-down-plan.ts'
import { aboutScript, shortened } from '../trials/way-down-words.ts'

/** `down-fails`. */
export function downFails(
  { up }: WayBack,
  down: ReplayedMigration,
  { statement, error }: DownFailure,
): Finding {
  const done = down.statements.filter(
    (one) => one.statement.transaction !== statement.transaction && !changesNothing.has(one.statement.tag),
  )
  const added = withoutOtherDatabases(error.detail ?? '')
  return reservedFinding('down-fails', {
    message: `The way down of ${aboutScript(up.script)} fails here: ${error.message} (SQLSTATE ${error.sqlstate}), so nobody can go back behind it.`,
    span: { ...statement.span, start: error.position ?? statement.span.start },
    sql: statement.sql,
    object: error.sqlstate,
    evidence: 'measured',
    notes: [
      ...(done.length === 0
        ? []
        : [
            `What stands before it has been committed by then (${lines(done.map((one) => one.statement.span))}).`,
          ]),
      ...(added === '' ? [] : [`Postgres adds: ${added}`]),
      ...(error.hint === undefined ? [] : [`Postgres hints: ${error.hint}`]),
    ],
    remedy: {
      summary: 'Mend the statement, so that the way down runs on the schema that the migration leaves.',
      migrations: [],
    },
  })
}

/** Those of the throwaway server are none of production's. */
export function withoutOtherDatabases(detail: string): string {
  return detail
    .split('\n')
    .filter((line) => !/^\d+ objects? in database /.test(line))
    .join('\n')
    .trim()
}

const changesNothing: ReadonlySet<string> = new Set(['VariableSetStmt', 'TransactionStmt'])

function lines(spans: readonly Span[]): string {
  const [first, ...others] = spans.map(({ start }) => start.line)
  return others.length === 0 ? `line ${first}` : `lines ${first} to ${others.at(-1)}`
}

const mostNotes = 10

/** `down-leaves-differences`; `blocked`: where the migration fails when it runs once more. */
export function downLeavesDifferences(
  { up, down }: WayBack,
  wrong: SchemaDifference,
  blocked?: DownFailure,
): Finding {
  const told = schemaDifferenceLines(wrong)
  const [first = '', ...others] = told
  const [change] = wrong.changes
  const name = aboutScript(up.script)
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  return reservedFinding('down-leaves-differences', {
    messageId: messageIdOf(wrong),
    message: `The way down of ${name} leads to another schema than before: ${inWords(first)}${more}.`,
    span: beginningOf({ down }),
    object:
      change === undefined ? '' : change.type === 'changed' ? change.after.identity : change.object.identity,
    sql: told.join('\n'),
    evidence: 'measured',
    notes: [
      ...(others.length === 0 ? [] : shortened(told, mostNotes)),
      ...(blocked === undefined
        ? []
        : [
            `Then it does not run again either: ${blocked.error.message} (line ${blocked.statement.span.start.line} of ${blocked.statement.span.file}).`,
          ]),
    ],
    remedy: {
      // a single difference stands in the message, without its sign
      summary: others.length > 0 ? remedyOf(wrong) : remedyOf(wrong).replace(/ \(the lines with .\)/, ''),
      migrations: [],
    },
  })
}

/** A line of a difference without its sign: `index public.at on public.notes is missing`. */
function inWords(line: string): string {
  const rest = line.slice(2)
  if (line.startsWith('+ ')) return `${rest} stays behind`
  return line.startsWith('- ') ? `${rest} is missing` : rest
}

function messageIdOf({ changes }: SchemaDifference): string {
  if (changes.every(({ type }) => type === 'added')) return 'left-behind'
  if (changes.every(({ type }) => type === 'removed')) return 'takes-too-much'
  return changes.every(({ type }) => type === 'changed') ? 'changed' : 'differs'
}

function remedyOf(difference: SchemaDifference): string {
  switch (messageIdOf(difference)) {
    case 'left-behind':
      return 'Drop in the way down what the migration has created (the lines with +).'
    case 'takes-too-much':
      return 'Leave in the way down, or create again, what stood there before the migration (the lines with -).'
    case 'changed':
      return 'Change back in the way down what the migration has changed (the lines with ~).'
    default:
      return 'Let the way down restore what stood there before: drop the lines with +, create those with -, and change back those with ~.'
  }
}

/** The way down as a whole is told at its first statement. */
function beginningOf({ down }: Pick<WayBack, 'down'>): Span {
  const { script, statements, lines: index } = down
  return statements[0]?.span ?? index.span(script.file, script.start, script.start)
}

/** `down-blocks-up`, at the statement of the migration that does not run again. */
export function downBlocksUp({ up }: WayBack, { statement, error }: DownFailure): Finding {
  return reservedFinding('down-blocks-up', {
    message: `After its way down ${aboutScript(up.script)} does not run again, and fails here: ${error.message} (SQLSTATE ${error.sqlstate}).`,
    span: statement.span,
    sql: statement.sql,
    object: error.sqlstate,
    evidence: 'measured',
    notes: error.detail === undefined ? [] : [`Postgres adds: ${error.detail}`],
    remedy: {
      summary:
        statement.tag === 'AlterEnumStmt'
          ? 'Say ADD VALUE IF NOT EXISTS: Postgres has no way to take a label of an enum away.'
          : 'Let the way down undo what this statement runs into, or say IF NOT EXISTS or ON CONFLICT here where that is right.',
      migrations: [],
    },
  })
}
