/** A recording, laid out as migrations: which file each statement comes from, and where it stands there. */
import type { Recorded, Span } from '../core/model.ts'
import { attribute, type AttributedChapter } from './attribution.ts'
import type { CandidateFile, RecordedStatement, Recording } from './model.ts'
import { outsideProject } from './outside.ts'
import { isOwn } from './own.ts'
import { allowsAbove, Places } from './place.ts'
import type { RealMigration } from './real-places.ts'
import { wayDownOf } from './ways-down.ts'
import { wrapped } from './wrap.ts'
import { lastingStatements, transcribe, type Transcript } from './transcript.ts'

export interface Book {
  readonly command: string
  readonly chapters: readonly AttributedChapter[]
  /** One per chapter, in the same order. */
  readonly transcripts: readonly Transcript[]
  readonly places: ReadonlyMap<RecordedStatement, Span>
  /** Paths of the files that were run, in their order, also those that changed nothing. */
  readonly ran: readonly string[]
  /** What the tool sent of its own accord, and what is not under review. */
  readonly own: ReadonlySet<RecordedStatement>
  /** What the tool calls migrations that are no files of the project and therefore not under review. */
  readonly outside: readonly string[]
  /** See Migration.validityLookUps. */
  readonly validityLookUps: readonly string[]
}

export interface BookContext {
  /** Files that statements may come from. */
  readonly files: readonly CandidateFile[]
  /** Paths of those under review. */
  readonly underReview: readonly string[]
  /** The statement that the command failed at. */
  readonly failed: RecordedStatement | undefined
  /** The name of what comes from no file that is known. */
  readonly title: string
  /** Which way the command goes; absent: up. */
  readonly direction?: 'up' | 'down'
  /** There is no history: what others have made is among what the command does. */
  readonly fromNothing?: boolean
  /** Files that hold nothing but the way down of a migration. */
  readonly waysDown?: readonly CandidateFile[]
}

/** Nothing of what only read, or was taken back, is in it. */
export function bookOf(recording: Recording, context: BookContext): Book {
  const { failed, title, direction, waysDown = [] } = context
  const lasting = lastingStatements(recording.statements, failed)
  const attributed = attribute(lasting, { ...context, output: recording.output })
  // what the command fails at is to be said, whosever it is
  const own = new Set(
    attributed.flatMap(({ file, statements }) =>
      statements.filter((one) => one !== failed && isOwn(one, file)),
    ),
  )
  const outside = context.fromNothing === true ? outsideProject(attributed) : []
  for (const one of outside.flatMap(({ statements }) => statements)) if (one !== failed) own.add(one)
  const chapters = wrapped(attributed, own)
  // BEGIN and COMMIT around them as well, though a file of which such words speak stands beside them
  for (const chapter of chapters)
    if (chapter.isOwn === true) for (const statement of chapter.statements) own.add(statement)
  const places = new Map<RecordedStatement, Span>()
  const found = new Map<CandidateFile, Places>()
  for (const { file, statements } of chapters) {
    if (file === undefined) continue
    const wayDown = direction === 'down' ? wayDownOf(file, waysDown) : undefined
    const inFile =
      found.get(file) ?? (wayDown === undefined ? new Places(file, direction) : new Places(wayDown))
    found.set(file, inFile)
    for (const statement of statements)
      if (!own.has(statement)) places.set(statement, inFile.place(statement))
  }
  const transcripts = transcribe(chapters, {
    title,
    allowsAbove: (file, statement) => {
      const place = places.get(statement)
      return place === undefined || place.file !== file.path ? [] : allowsAbove(file, place)
    },
  })
  const ran = [
    ...new Set(attributed.filter((one) => hasRun(one, own)).flatMap(({ file }) => file?.path ?? [])),
  ]
  return {
    command: recording.command,
    chapters,
    transcripts,
    places,
    ran,
    own,
    outside: [...new Set(outside.flatMap(({ recordedAs = [] }) => recordedAs))],
    validityLookUps: recording.statements.flatMap(({ kind, sql }) =>
      kind === 'reading' && /\bindisvalid\b/i.test(sql) ? [sql] : [],
    ),
  }
}

/** Do migrations follow one another in one session? Where there is but one, it is taken to. */
export function sharesSession({ chapters, own }: Pick<Book, 'chapters' | 'own'>): boolean {
  const sessions = chapters
    .map(
      ({ statements }) => new Set(statements.filter((one) => !own.has(one)).map(({ session }) => session.id)),
    )
    .filter(({ size }) => size > 0)
  if (sessions.length < 2) return true
  return sessions.some((those, at) => at > 0 && [...those].some((one) => sessions[at - 1]?.has(one)))
}

/** With files that a command would have run if it had not failed before, as migrations of which nothing is known. */
export function withUnreached(book: Book, files: readonly CandidateFile[]): Book {
  const chapters = files.map((file): AttributedChapter => ({ file, statements: [], knownBy: 'not reached' }))
  const transcripts = transcribe(chapters, { title: book.command })
  return {
    ...book,
    chapters: [...book.chapters, ...chapters],
    transcripts: [...book.transcripts, ...transcripts],
  }
}

/** The only file under review may be one that the tool passes over. */
function hasRun({ knownBy, statements }: AttributedChapter, own: ReadonlySet<RecordedStatement>): boolean {
  if (knownBy?.startsWith('recorded in')) return true
  return statements.some((one) => !own.has(one) && one.tag !== 'TransactionStmt')
}

/** Where everything really stands, for the report. */
export function realMigrations({ command, chapters, transcripts, places }: Book): readonly RealMigration[] {
  return transcripts.map(({ script, statements }, index) => {
    const chapter = chapters[index]
    return {
      file: script.file,
      ...(script.id === undefined ? {} : { id: script.id }),
      recorded: recordedBy(command, chapter),
      source: chapter?.file,
      places: statements.map(({ recorded, from, start, end }) => ({
        from,
        start,
        end,
        span: places.get(recorded),
        sql: recorded.sql,
      })),
    }
  })
}

/** The first statement that cannot be replayed as it was sent. */
export function unreadStatement({ chapters }: Pick<Book, 'chapters'>): RecordedStatement | undefined {
  return chapters.flatMap(({ statements }) => statements).find(({ unread }) => unread !== undefined)
}

/** How a chapter's file is known. */
export function recordedBy(command: string, chapter: AttributedChapter | undefined): Recorded {
  const { knownBy, recordedAs } = chapter ?? {}
  const said = recordedAs === undefined ? knownBy : `${knownBy ?? ''}, no file of the project`
  return { command, knownBy: said ?? 'no file is known' }
}
