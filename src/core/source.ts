import type { Limit, Report, Span, TransactionChoice } from './model.ts'

/**
 * A read-only set of files: the working tree, the index, or a commit. Paths are relative to the
 * project root, with `/`. Listing leaves out `.git` and `node_modules`.
 */
export interface FileTree {
  /** All paths, sorted. */
  list(): Promise<readonly string[]>
  /** The bytes of one file; undefined when it is not there. */
  read(path: string): Promise<Uint8Array | undefined>
}

/** Where a source found its migrations, and how it recognised them. */
export interface SourceRoot {
  readonly source: string
  /** Folder, relative to the project root, with `/`; '' for the root itself. */
  readonly dir: string
  readonly found: 'config file' | 'layout' | 'marker comment' | 'configured'
  /** Further folders that the tool reads together with `dir` (Flyway: several locations). */
  readonly otherDirs?: readonly string[]
  /** The tool's own configuration file, relative to the project root, when one decided. */
  readonly configFile?: string
}

/** A stretch of a script's text that its tool sends to the server in one message. UTF-16 offsets. */
export interface ScriptPart {
  readonly start: number
  readonly end: number
}

/** One migration script as its tool would run it: up direction only. */
export interface MigrationScript {
  readonly source: string
  readonly file: string
  /**
   * Knows the script again where the file alone does not: one of several changesets in a file, a change that was
   * reworked under its old name. Unique within its set; absent: the file.
   */
  readonly id?: string
  /** As the tool compares it; null for repeatable scripts and tools without versions. */
  readonly version: string | null
  readonly title: string
  /** The SQL to run: the file's text from `start` to `end`. Spans are computed in the whole text. */
  readonly text: string
  /** UTF-16 offsets of the part that runs (goose and dbmate keep up and down in one file). */
  readonly start: number
  readonly end: number
  /**
   * Where the tool cuts the script, which need not be where psql does (marker comments, a splitter of its own), in
   * order; what stands between them is not sent. In mode `simple query` each part is one message, else each
   * statement of each part. Absent: one part from `start` to `end`.
   */
  readonly parts?: readonly ScriptPart[]
  readonly transaction: TransactionChoice
  /** Runs in development only, until it is committed under another name (graphile-migrate's current.sql). */
  readonly draft?: boolean
  /** Runs again whenever its content changes (Flyway R__). */
  readonly repeatable: boolean
  /** Databases of other makes that run the same text, as the tool calls them. */
  readonly otherDatabases?: readonly string[]
  /**
   * What the tool knows it by besides its text, where a change of it or of the order makes all of them unknown: Sqitch's
   * line of the plan.
   */
  readonly recordedAs?: string
  /** How the tool goes back; absent: it cannot, or the source does not know. */
  readonly down?: WayDown
  /** Where the tool does something else with this script than MigrationSet.whenOutOfOrder says (refinery's U). */
  readonly whenOutOfOrder?: OutOfOrder
}

/** What undoes a script, as the tool would run it: fields mean what they mean in MigrationScript. */
export type WayDown = Pick<MigrationScript, 'file' | 'text' | 'start' | 'end' | 'parts' | 'transaction'>

/** What a source makes of one root, in the order in which its tool runs the scripts. */
export interface MigrationSet {
  readonly root: SourceRoot
  readonly scripts: readonly MigrationScript[]
  /** Do the scripts of one run share a session, so that SET search_path in one is felt in the next? */
  readonly sharesSession: boolean
  /** Files that look like migrations but cannot be used, duplicate versions, … each with its sentence. */
  readonly problems: readonly SourceProblem[]
  /** Files in the root that the tool does not run on the way up. */
  readonly skipped?: readonly SkippedFile[]
  /**
   * The script that stands for all older versions on a new database (Flyway B__). A database that has
   * migrations already never runs it.
   */
  readonly baseline?: string
  /** The tool knows its scripts by version alone, so a new title changes nothing; absent: names count. */
  readonly identifiedBy?: 'version'
  /** What the tool does with a new script that sorts before one it has already run; absent: not known. */
  readonly whenOutOfOrder?: OutOfOrder
  /**
   * What the tool does where it keeps checksums and a script that has run was changed or renamed: a sentence without
   * its full stop, `Flyway refuses to migrate until flyway repair`. Absent: it does not notice.
   */
  readonly whenEdited?: string
  /** What the tool does when the file of a script that has run is gone, likewise. */
  readonly whenDeleted?: string
  /** What the tool does on its next run after a script failed in the middle; absent: not known. */
  readonly whenFailed?: AfterFailure
  /** What stands in the database before the first script runs. */
  readonly foundation?: Foundation
  /** What of the tool is not followed and has to be said: conditions that are not evaluated, an order assumed. */
  readonly limits?: readonly Limit[]
}

/** `refused`: the tool stops with an error; `skipped`: it never runs the script and says nothing; `runs`: it runs it. */
export interface OutOfOrder {
  readonly outcome: 'refused' | 'skipped' | 'runs'
  /** A sentence without its full stop: `Flyway refuses to run it unless outOfOrder is set`. */
  readonly says: string
}

/**
 * `runs again`: the script from its first statement, a changeset from its own; `goes on`: with the statement that failed
 * (Atlas); `refused`: it stops until somebody says that the database is mended, then runs the script from its first
 * statement.
 */
export interface AfterFailure {
  readonly outcome: 'runs again' | 'goes on' | 'refused'
  /** A sentence without its full stop: `golang-migrate marks the database dirty and refuses until migrate force`. */
  readonly says: string
}

/**
 * What a migration tool or its platform has put into a database before the first script: the table in which it
 * keeps its books, Supabase's roles and schemas. Not judged, and not the author's fault where it fails.
 */
export interface Foundation {
  /** Names it in messages: `goose’s own table`. */
  readonly title: string
  /** Plain SQL, run statement by statement by the role that runs the migrations. */
  readonly sql: string
  /** Roles that the platform has, besides those that `sql` names. */
  readonly roles?: readonly string[]
  /** Settings with which the platform lets every session begin; those of the configuration go before them. */
  readonly settings?: Readonly<Record<string, string>>
  /** A dump of the schema that the history starts from; it runs before `sql`. */
  readonly dump?: MigrationScript
  /** scriptKey() of the scripts that the dump holds already: they do not run again. */
  readonly holds?: readonly string[]
}

/** A file of the root that is not one of its scripts: a down migration, a callback, a name the tool ignores. */
export interface SkippedFile {
  readonly file: string
  /** Completes `<file> is not rehearsed: …`. */
  readonly reason: string
  /** It changes what the scripts do (a callback, a Java migration), so it is worth saying in every run. */
  readonly affectsOthers: boolean
}

/** A defect of the files themselves that the tool would refuse or stumble over. */
export interface SourceProblem {
  readonly code:
    | 'duplicate-version'
    | 'missing-version'
    | 'out-of-order-migration'
    | 'unreadable-file'
    | 'refused-by-tool'
    | 'unresolved-placeholder'
  readonly file: string
  readonly message: string
  /** Absent: that of the finding's description. */
  readonly severity?: 'error' | 'warning' | 'info'
  /** One imperative sentence. */
  readonly remedy?: string
  /** Further facts, a sentence each. */
  readonly notes?: readonly string[]
  /** Absent: the file as a whole. */
  readonly place?: Span
}

/** Options a user can give to every source. */
export interface SourceOptions {
  /** Overrides the tool's own transaction mode. */
  readonly transaction?: TransactionChoice
  /** Values for placeholders: `${name}` of Flyway and others, `:name` of psql. */
  readonly placeholders?: Readonly<Record<string, string>>
  /** A dump of the schema that the history starts from, relative to the project root. */
  readonly start?: string
}

/** Knows one migration tool: its layout, its order and its transactions, exactly as the tool itself does it. */
export interface MigrationSource {
  readonly id: string
  readonly title: string
  readonly docs: string
  /** Finds folders of this tool without configuration. Must not claim what another tool owns. */
  detect(files: FileTree): Promise<readonly SourceRoot[]>
  load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet>
  /** Writes further scripts in the tool's format; absent: nobody knows how. */
  readonly writer?: MigrationWriter
}

/** Writes what `pgrehearse fix` makes of a script that has to become several. Pure: it gives texts. */
export interface MigrationWriter {
  /** May a script that runs outside of a transaction hold several statements, each of which commits by itself? */
  readonly severalOutside: boolean
  /** A statement as it has to stand in a file, with its end and without a line end; absent: with a semicolon. */
  statement?(sql: string): string
  write(request: WriteRequest): Promise<WrittenFiles>
}

/** What is to be written. */
export interface WriteRequest {
  /** The files as they are. */
  readonly before: FileTree
  /** The files with the script's own text as it is to be, but for what the tool wants besides. */
  readonly files: FileTree
  /** What the tool makes of `files`. */
  readonly set: MigrationSet
  /** One of `set`: the new ones follow it, before whatever comes next. */
  readonly script: MigrationScript
  /** Does the script itself, which now holds nothing else, have to run outside of a transaction? */
  readonly outside: boolean
  /** Those that follow, in order; may be empty. */
  readonly pieces: readonly NewPiece[]
  readonly now: Date
}

/** A script to come. */
export interface NewPiece {
  /** Lines, the last one with its end. */
  readonly sql: string
  /** False: it has to run outside of a transaction block. */
  readonly transaction: boolean
  /** A few words, for its name. */
  readonly title: string
}

/** New files, and files that are there already with their new texts; or why that cannot be, as a whole sentence. */
export type WrittenFiles = { readonly files: readonly WrittenFile[] } | { readonly cannot: string }

export interface WrittenFile {
  /** Relative to the project root, with `/`. */
  readonly path: string
  readonly text: string
}

/** Where scripts were read: `source.load(root, files, options)` reads them again. */
export interface ScriptOrigin {
  readonly source: MigrationSource
  readonly root: SourceRoot
  readonly files: FileTree
  readonly options: SourceOptions
}

/** What is judged and what it stands on. */
export interface ReviewSet {
  readonly base: { readonly description: string; readonly commit?: string }
  /** Where in git this is; absent outside of git and without a commit. */
  readonly project?: NonNullable<Report['project']>
  /** In the order of a run on a fresh database; the base revision's text. */
  readonly history: readonly MigrationScript[]
  /** New and repeatable scripts, in the order in which the tool would run them. */
  readonly underReview: readonly MigrationScript[]
  /** Where those under review were read; absent where they cannot be read again. */
  readonly origin?: ScriptOrigin
  /** Scripts that existed at the base and were edited or deleted since. Replayed in their base version. */
  readonly edited: readonly EditedScript[]
  /**
   * Those of `underReview`, by scriptKey(), that stand between named ones and are replayed for their sake only:
   * nobody asked to judge them (paths on the command line).
   */
  readonly replayedOnly?: readonly string[]
  readonly sharesSession: boolean
  readonly foundation?: Foundation
  /** See MigrationSet.whenFailed. */
  readonly whenFailed?: AfterFailure
  /**
   * What the tool runs between the scripts and we cannot: migrations in code, callbacks. What they create is missing
   * from the rehearsal.
   */
  readonly leftOut?: readonly SkippedFile[]
  readonly problems: readonly SourceProblem[]
  readonly notChecked: readonly Limit[]
  /** Branches that are to be merged besides; absent: nobody asked for any. */
  readonly others?: readonly OtherBranch[]
}

/** What another branch, which is not merged yet, brings. */
export interface OtherBranch {
  /** As it was named: `feature/x`. */
  readonly ref: string
  readonly commit: string
  /** New there since it left the target branch, and not here; in the order of the tool. */
  readonly scripts: readonly MigrationScript[]
  /** Everything there will be when both are merged, in the order of the tool. */
  readonly order: readonly Pick<MigrationScript, 'file' | 'id'>[]
  /** Versions and files that both have taken; `file` is ours or theirs. */
  readonly problems: readonly SourceProblem[]
  readonly whenOutOfOrder?: OutOfOrder
  readonly limits: readonly Limit[]
}

export interface EditedScript {
  /** As it was at the base revision. */
  readonly script: MigrationScript
  readonly change: 'edited' | 'deleted'
  /** The file that took its place: same version under another name, or same content under another version. */
  readonly renamedTo?: string
  /** Names the script, and the one that took its place, where their files hold several; absent: the files. */
  readonly name?: string
  readonly newName?: string
  /** Where the script stands now in a file that holds several; absent: the file as a whole. */
  readonly place?: Span
  /** What the tool does about it on a database that has run the script: see MigrationSet.whenEdited, whenDeleted. */
  readonly toolSays?: string
}
