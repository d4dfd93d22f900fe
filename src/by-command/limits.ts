/** What a recorded run has to say besides its findings. */
import type { Limit, Migration } from '../core/model.ts'
import type { RecordedReview } from './review.ts'
import { recordedBy, unreadStatement, type Book } from '../record/book.ts'
import { gotOver } from '../record/failure.ts'
import type { RecordedStatement, Recording } from '../record/model.ts'
import { outsideLimit } from '../record/outside.ts'
import { mayHideLocks } from '../replay/gate-plan.ts'

/** Migrations that say how they came to be. */
export function withRecorded(review: readonly Migration[], book: Book): readonly Migration[] {
  return review.map((migration, index) => ({
    ...migration,
    recorded: recordedBy(book.command, book.chapters[index]),
    ...(book.validityLookUps.length === 0 ? {} : { validityLookUps: book.validityLookUps }),
  }))
}

/** What was recorded and is not all, or not clear. */
export function bookLimits(
  recording: Recording,
  book: Book,
  review: RecordedReview,
  failed: RecordedStatement | undefined,
): readonly Limit[] {
  return [
    ...recording.limits.map((message) => ({ code: 'not-looked-into', message })),
    ...gotOverLimit(recording, failed),
    ...notRun(book, review, failed),
    ...(review.files.length === 0 ? [] : unknownFiles(book)),
    ...outsideLimit(book.command, book.outside),
    ...unreadLimit(book),
    ...hiddenLocks(book),
  ]
}

/** Files are replayed through gates for that; what a command sends is not. */
function hiddenLocks({ chapters, own, command }: Book): readonly Limit[] {
  const hiding = chapters
    .flatMap(({ statements }) => statements)
    .find((one) => !own.has(one) && one.tag === 'DoStmt' && mayHideLocks([one.sql]))
  if (hiding === undefined) return []
  return [
    {
      code: 'locks-given-back',
      message: `A DO block of \`${command}\` handles exceptions or commits: locks that it gives back before it ends are not seen here: ${hiding.sql.slice(0, 120)}`,
      hint: 'They are where files of SQL are replayed.',
    },
  ]
}

/** Nothing that replays the transcript is tried then: what it lacks would be called the author's mistake. */
function unreadLimit(book: Book): readonly Limit[] {
  const statement = unreadStatement(book)
  if (statement?.unread === undefined) return []
  return [
    {
      code: 'not-replayable',
      message: `What \`${book.command}\` sent cannot be replayed as it was, because ${statement.unread} could not be read, of: ${statement.sent.sql.trim().slice(0, 120)}`,
      hint: 'The statements were measured as they ran; remedies, the way down and a clone were not tried.',
    },
  ]
}

function gotOverLimit(recording: Recording, failed: RecordedStatement | undefined): readonly Limit[] {
  const over = gotOver(recording.statements, failed)
  const [first] = over
  if (first?.sent.error === undefined) return []
  const { message, code } = first.sent.error
  const subject = over.length === 1 ? 'A statement' : `${over.length} statements`
  return [
    {
      code: 'statement-failed',
      message: `${subject} failed and the command went on: ${first.sql.slice(0, 120)} — ${message} (SQLSTATE ${code}).`,
      hint: 'What such a statement would do is not judged. psql stops with `-v ON_ERROR_STOP=1`.',
    },
  ]
}

/** Files under review of which nothing was seen; none where that may be because files are not known. */
export function notSeen(
  { chapters, own, ran }: Book,
  { underReview, reviewSet }: RecordedReview,
): readonly string[] {
  // one that changes only the models of a framework writes nothing but the tool's record of it
  const run = new Set(ran)
  // lists of what is to be run send nothing themselves
  const missing = underReview.filter(
    (path) => !run.has(path) && !(run.size > 0 && /\.(?:ya?ml|xml|json)$/i.test(path)),
  )
  const unknown = chapters.some(
    ({ file, statements }) => file === undefined && statements.some((one) => isWork(one, own)),
  )
  return unknown || reviewSet.base.commit === undefined ? [] : missing
}

function notRun(book: Book, review: RecordedReview, failed: RecordedStatement | undefined): readonly Limit[] {
  const [first, ...more] = notSeen(book, review)
  if (first === undefined) return []
  const subject = more.length === 0 ? first : `${first} and ${more.length} more`
  const why =
    failed === undefined
      ? 'Tools run a migration once: a file that was changed later is not run again.'
      : 'The command failed before.'
  return [
    {
      code: 'not-recorded',
      message: `${subject} is new or changed, and \`${book.command}\` sent nothing for it.`,
      hint: why,
    },
  ]
}

function unknownFiles({ chapters, command, own }: Book): readonly Limit[] {
  const statements = chapters
    .filter(({ file, recordedAs = file }) => recordedAs === undefined)
    .flatMap((one) => one.statements)
  const count = statements.filter((one) => isWork(one, own)).length
  if (count === 0 || chapters.every(({ file }) => file === undefined && chapters.length === 1)) return []
  return [
    {
      code: 'file-not-known',
      message: `For ${count} ${count === 1 ? 'statement' : 'statements'} of \`${command}\` it is not known which file they come from.`,
    },
  ]
}

function isWork(statement: RecordedStatement, own: ReadonlySet<RecordedStatement>): boolean {
  return !own.has(statement) && statement.tag !== 'TransactionStmt'
}
