/** Writes remedies into a script: into its own file where its tool runs them so, else into files that follow it. */
import type { Finding, Migration } from './core/model.ts'
import { runsElsewhere, scriptKey } from './core/script-name.ts'
import type { MigrationScript, MigrationSet, ScriptOrigin, WrittenFile } from './core/source.ts'
import type { Edit, NotEdited } from './fix/edit.ts'
import { editInPlace } from './fix/in-place.ts'
import { editSplit } from './fix/split.ts'
import { isPreparation, itemsOf, type Format, type Item } from './fix/units.ts'
import { misreading } from './fix/verify.ts'
import { isAsWritten, writtenMigration, writtenRegion } from './fix/written-migration.ts'
import { changedTree } from './review/changed-tree.ts'
import { decodeText, startsWithMark } from './sources/text.ts'
import { parseScript } from './sql/parse.ts'
import { splitScript } from './sql/split.ts'
import { normalizeSql } from './sql/tokens.ts'
import { layOutTransactions } from './sql/transactions.ts'
import { placeRemedy, type PlacedRemedy } from './suggest/place-remedy.ts'

/** Files as they are to be, by their paths relative to the project root. */
export type ChangedFiles = ReadonlyMap<string, Uint8Array>

/** What is written into one script. */
export interface ScriptFix {
  readonly script: MigrationScript
  readonly migration: Migration
  readonly findings: readonly Finding[]
  /** Is a lock_timeout in force where the statement with this index begins? */
  readonly hasTimeoutAt: (index: number) => boolean
  /** A first step in a transaction may stay with what stood before it. */
  readonly joinsHead: boolean
  readonly now: Date
}

/** The files that change, and what is left for later. */
export interface FixedScript {
  readonly changed: ChangedFiles
  readonly placed: readonly PlacedRemedy[]
  /** Does another way of laying it out exist? */
  readonly isSplit: boolean
}

/** Writes the remedies of the findings, which do not overlap; or says why that cannot be. */
export async function fixScript(origin: ScriptOrigin, fix: ScriptFix): Promise<FixedScript | NotEdited> {
  const file = await readFile(origin, fix.script.file)
  if ('cannot' in file) return file
  const migration = writtenMigration(fix.migration, file.text)
  if (migration === undefined) return { cannot: 'Placeholders stand where the file would have to be cut.' }
  const placed = placeAll(fix, migration)
  if ('cannot' in placed) return placed
  const elsewhere = runsElsewhere(fix.script)
  if (elsewhere !== undefined) return { cannot: elsewhere }
  if (fix.script.repeatable && !placed.all.every(onlySets))
    return { cannot: 'The script runs again whenever it changes, and the remedy was tried for one run.' }
  const format = formatOf(origin)
  const items = itemsOf(migration, placed.all, format)
  const writing: Writing = { origin, fix, hasMark: file.hasMark, before: file.text }
  const inPlace = editInPlace(migration, items, {
    autocommit: isAutocommit(migration, format),
    hasTimeoutAt: (offset) =>
      fix.hasTimeoutAt(migration.statements.findIndex(({ span }) => span.start.offset >= offset)),
  })
  const written = inPlace === undefined ? undefined : await write(writing, inPlace)
  if (written !== undefined && !('cannot' in written))
    return { changed: written.changed, placed: placed.all, isSplit: false }
  return fixInSeveral(writing, { migration, items, placed: placed.all }, format, written)
}

async function fixInSeveral(
  writing: Writing,
  found: {
    readonly migration: Migration
    readonly items: readonly Item[]
    readonly placed: readonly PlacedRemedy[]
  },
  format: Format,
  inPlace: NotEdited | undefined,
): Promise<FixedScript | NotEdited> {
  const { script, joinsHead } = writing.fix
  if (script.transaction.mode === 'statement')
    return inPlace ?? { cannot: 'The transactions that the file begins and ends cannot be cut.' }
  if (script.transaction.mode === 'run')
    return { cannot: `All pending files are one transaction here (${script.transaction.why}).` }
  const region = writtenRegion(script, found.migration.text)
  if (region === undefined) return { cannot: 'Placeholders stand where the file would have to be cut.' }
  const edit = editSplit(found.migration, region, found.items, { ...format, joinsHead })
  if ('cannot' in edit) return edit
  const written = await write(writing, edit)
  return 'cannot' in written ? written : { changed: written.changed, placed: found.placed, isSplit: true }
}

function placeAll(
  { findings, migration: run }: ScriptFix,
  migration: Migration,
): { readonly all: readonly PlacedRemedy[] } | NotEdited {
  const all: PlacedRemedy[] = []
  for (const finding of findings) {
    const index = run.statements.findIndex(({ span }) => span.start.offset === finding.span.start.offset)
    const span = migration.statements[index]?.span
    const placed = span === undefined ? undefined : placeRemedy({ ...finding, span }, { migration })
    if (placed === undefined || 'why' in placed)
      return { cannot: `The remedy cannot stand there: ${placed?.why ?? 'it is about no statement'}.` }
    if (!placed.replaced.every((statement) => isAsWritten(migration, statement)))
      return { cannot: 'The tool changes the statement before it runs it (placeholders).' }
    all.push(placed)
  }
  const sorted = all.toSorted((a, b) => a.start - b.start)
  if (sorted.some(({ start }, index) => start < (sorted[index - 1]?.end ?? 0)))
    return { cannot: 'Remedies stand for the same statements.' }
  return { all: sorted }
}

/** Does it run the same statements, with other settings? */
function onlySets({ replaced, pieces }: PlacedRemedy): boolean {
  const statements = (sqls: readonly string[]): string =>
    sqls
      .filter((sql) => !isPreparation(sql))
      .map(normalizeSql)
      .join(';')
  const steps = pieces.flatMap((piece) => (piece.kind === 'remedy' ? piece.step.sql : []))
  const run = steps.flatMap((sql) => splitScript(sql).pieces.map(({ start, end }) => sql.slice(start, end)))
  return steps.length === 1 && statements(run) === statements(replaced.map(({ sql }) => sql))
}

function formatOf({ source: { writer } }: ScriptOrigin): Format {
  return {
    severalOutside: writer?.severalOutside ?? true,
    statement: (sql) => writer?.statement?.(sql) ?? `${sql};`,
  }
}

/** Does every statement commit by itself that stands in no block of the file's own? */
function isAutocommit({ transaction, statements }: Migration, { severalOutside }: Format): boolean {
  if (transaction.mode === 'statement') return true
  return (
    transaction.mode === 'simple query' &&
    severalOutside &&
    statements.length > 1 &&
    statements.every(({ inTransactionBlock }) => !inTransactionBlock)
  )
}

interface ReadFile {
  readonly text: string
  readonly hasMark: boolean
}

async function readFile({ files }: ScriptOrigin, path: string): Promise<ReadFile | NotEdited> {
  const bytes = await files.read(path)
  const decoded = bytes === undefined ? undefined : decodeText(bytes)
  if (bytes === undefined || decoded === undefined || !('text' in decoded))
    return { cannot: 'The file is not UTF-8, which alone is written here.' }
  return { text: decoded.text, hasMark: startsWithMark(bytes) }
}

interface Writing {
  readonly origin: ScriptOrigin
  readonly fix: ScriptFix
  readonly hasMark: boolean
  readonly before: string
}

/** Has the tool's own files written, and reads them as the tool does. */
async function write(
  { origin, fix, hasMark, before }: Writing,
  edit: Edit,
): Promise<{ readonly changed: ChangedFiles } | NotEdited> {
  const { source, root, files, options } = origin
  const { script, now } = fix
  const isWindows = /\r\n/.test(before) && !/[^\r]\n/.test(before)
  const encode = (path: string, text: string): Uint8Array => {
    const lines = isWindows && path.endsWith('.sql') ? text.replaceAll(/\r?\n/g, '\r\n') : text
    return new TextEncoder().encode(path === script.file && hasMark ? `\uFEFF${lines}` : lines)
  }
  const changed = new Map([[script.file, encode(script.file, edit.text)]])
  const known = await source.load(root, files, options)
  const tree = changedTree(files, changed)
  const set = await source.load(root, tree, options)
  const edited = set.scripts.find((one) => scriptKey(one) === scriptKey(script))
  if (edited === undefined) return { cannot: `${source.title} would not run the file any more.` }
  const written = await source.writer?.write({
    before: files,
    files: tree,
    set,
    script: edited,
    outside: edit.outside,
    pieces: edit.pieces,
    now,
  })
  if (written === undefined && (edit.outside || edit.pieces.length > 0))
    return { cannot: `Nobody has said here how new migrations of ${source.title} are written.` }
  if (written !== undefined && 'cannot' in written) return written
  for (const { path, text } of written?.files ?? ([] as readonly WrittenFile[])) {
    const isNew = path !== script.file && (await files.read(path)) !== undefined && !isOurs(path, script)
    if (isNew && path.endsWith('.sql') && !known.scripts.some((one) => one.file === path))
      return { cannot: `${path} is there already.` }
    changed.set(path, encode(path, text))
  }
  const read = await source.load(root, changedTree(files, changed), options)
  const wrong = whatIsWrong({ known, read, script, edit })
  return wrong === undefined ? { changed } : { cannot: wrong }
}

/** The script's companions may be written anew. */
function isOurs(path: string, { file }: MigrationScript): boolean {
  return path.startsWith(`${file}.`) || !path.endsWith('.sql')
}

/** Why the tool would not run the new files as they were meant. */
function whatIsWrong({
  known,
  read,
  script,
  edit,
}: {
  readonly known: MigrationSet
  readonly read: MigrationSet
  readonly script: MigrationScript
  readonly edit: Edit
}): string | undefined {
  const said = new Set(known.problems.map(({ message }) => message))
  const problem = read.problems.find(({ message }) => !said.has(message))
  if (problem !== undefined) return problem.message
  const at = read.scripts.findIndex((one) => scriptKey(one) === scriptKey(script))
  const own = read.scripts.slice(at, at + 1 + edit.pieces.length)
  const before = new Set(known.scripts.map(scriptKey))
  if (at < 0 || own.slice(1).some((one) => before.has(scriptKey(one))) || own.length <= edit.pieces.length)
    return 'The tool would not run the new files right behind the script.'
  return misreading(edit.expected, layOutTransactions(own.map(parseScript), read.sharesSession))
}
