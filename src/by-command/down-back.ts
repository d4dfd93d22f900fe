/** What a command that goes back did, in the words of the trial of the way down. */
import type { Effect, Migration, Span, Statement } from '../core/model.ts'
import type { MigrationScript } from '../core/source.ts'
import type { MeasuredCommand } from '../record/attempt.ts'
import type { Book } from '../record/book.ts'
import { measuredStatements } from '../record/measured.ts'
import { waysDownOf } from '../record/ways-down.ts'
import type { RecordedStatement } from '../record/model.ts'
import type { SchemaDifference } from '../replay/fingerprint.ts'
import type { MeasuredStatement } from '../replay/measure.ts'
import type { RelationCatalog } from '../replay/relations.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { LineIndex } from '../sql/lines.ts'
import { parseScript, type ParsedScript } from '../sql/parse.ts'
import { withoutLiterals } from '../sql/without-literals.ts'
import { layOutTransactions } from '../sql/transactions.ts'
import type { WayBack } from '../trials/way-down-plan.ts'

/** What the command under review did. */
export interface UpRecording {
  readonly book: Book
  /** Files of the history, in the order in which they were run; empty where that is not known. */
  readonly ranBefore: readonly string[]
  /** Of the database before it, with what was learnt since. */
  readonly catalog: RelationCatalog
  /** Where its statements stand in the transcripts. */
  readonly placed: ReadonlyMap<RecordedStatement, Statement>
}

/** A statement of a migration, and the file that it comes from, where that is known. */
export interface Work {
  readonly recorded: RecordedStatement
  readonly file: string | undefined
}

/** What is not the tool's own, without BEGIN and COMMIT. */
export function workOf({ chapters, own }: Pick<Book, 'chapters' | 'own'>): readonly Work[] {
  return chapters.flatMap(({ file, statements }) =>
    statements
      .filter((one) => !own.has(one) && one.tag !== 'TransactionStmt')
      .map((recorded) => ({ recorded, file: file?.path })),
  )
}

/** The statement as it was sent the first time; times and random values may differ. */
export function firstTimeOf({ sql, tag }: RecordedStatement, work: readonly Work[]): Work | undefined {
  const alike = work.filter(({ recorded }) => recorded.tag === tag)
  const shape = withoutLiterals(sql)
  return (
    alike.find(({ recorded }) => recorded.sql === sql) ??
    alike.find(({ recorded }) => shape !== undefined && withoutLiterals(recorded.sql) === shape) ??
    alike[0]
  )
}

/** The files that it comes from, in their order. */
export function filesOf(work: readonly Work[]): readonly string[] {
  return [...new Set(work.flatMap(({ file }) => file ?? []))]
}

/** The way back. */
export interface Back {
  readonly work: readonly Work[]
  /** All of it as one migration, its statements at their places in the files; without what the tool does for itself. */
  readonly replayed: ReplayedMigration
}

/** `nowhere`: the place of what comes from no file that is known. */
export function readBack(
  book: Book,
  measured: MeasuredCommand,
  catalog: RelationCatalog,
  failed: RecordedStatement | undefined,
  { serverMajor, nowhere }: { readonly serverMajor: number; readonly nowhere: Span },
): Back {
  const migrations = layOutTransactions(
    book.transcripts.map(({ script }) => parseScript(script)),
    true,
  )
  const transcribed = migrations.map((migration, index) => ({
    migration,
    statements: book.transcripts[index]?.statements ?? [],
  }))
  const { recording } = measured
  const read = measuredStatements(recording.statements, transcribed, { ...measured, serverMajor, catalog })
  const statements: MeasuredStatement[] = []
  for (const [recorded, statement] of read.placed) {
    const one = read.statements.get(statement)
    if (one === undefined || (book.own.has(recorded) && recorded !== failed)) continue
    if (
      statements.some(({ statement: { index, sql } }) => index === statement.index && sql === statement.sql)
    )
      continue
    statements.push(atRealPlace(one, book.places.get(recorded) ?? nowhere))
  }
  return {
    work: workOf(book),
    replayed: {
      migration: { ...emptyMigration, statements: statements.map(({ statement }) => statement) },
      outcome: failed === undefined ? 'rehearsed' : 'failed',
      statements,
    },
  }
}

/** Positions within it are those of the transcript. */
function atRealPlace(measured: MeasuredStatement, span: Span): MeasuredStatement {
  return {
    ...measured,
    statement: { ...measured.statement, span },
    effects: measured.effects.map(withoutPosition),
  }
}

function withoutPosition(effect: Effect): Effect {
  if (effect.kind !== 'error') return effect
  const { position: _, ...rest } = effect
  return rest
}

const script: MigrationScript = {
  source: 'recorded',
  file: '',
  version: null,
  title: '',
  text: '',
  start: 0,
  end: 0,
  transaction: { mode: 'statement', why: 'as the command did it' },
  repeatable: false,
}

export const emptyMigration: Migration = {
  source: 'recorded',
  file: '',
  version: null,
  title: '',
  transaction: script.transaction,
  text: '',
  statements: [],
}

/** The migration that is to blame, and what is sent for it on the way down. */
export function wayBackOf(file: string, { replayed: { statements } }: Back): WayBack {
  const parsed = (own: readonly Statement[]): ParsedScript => ({
    script: { ...script, file, title: file.slice(file.lastIndexOf('/') + 1) },
    lines: new LineIndex(''),
    statements: own,
    limits: [],
  })
  const all = statements.map(({ statement }) => statement)
  const places = [file, ...waysDownOf(file)]
  const inFile = all.filter(({ span }) => places.includes(span.file))
  return { index: 0, up: parsed([]), down: parsed(inFile.length > 0 ? inFile : all) }
}

/** The file that has most to do with the difference: the last that names the object, else the last. */
export function fileToBlame(work: readonly Work[], { changes }: SchemaDifference): string | undefined {
  const [change] = changes
  const identity =
    change === undefined ? '' : change.type === 'changed' ? change.after.identity : change.object.identity
  const name = identity.split('.').at(-1)?.replaceAll('"', '').toLowerCase() ?? ''
  const naming = work.findLast(
    ({ file, recorded: { sql } }) => file !== undefined && name !== '' && sql.toLowerCase().includes(name),
  )
  return naming?.file ?? work.findLast(({ file }) => file !== undefined)?.file
}
