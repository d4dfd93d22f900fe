/** What a recorded run is about: the files under review, and what they stand on. */
import type { CheckOptions } from '../check-options.ts'
import { configDefaults } from '../config/defaults.ts'
import { UsageError } from '../core/errors.ts'
import type { Limit } from '../core/model.ts'
import type { ReviewSet } from '../core/source.ts'
import { isMigrationFile, readCandidates } from '../record/migration-files.ts'
import { isWayDownFile } from '../record/ways-down.ts'
import type { CandidateFile } from '../record/model.ts'
import { decideBase, type BaseRevision } from '../review/base-revision.ts'
import { findRepository, type Repository } from '../review/git.ts'
import { openRevision } from '../review/revision.ts'
import { WorkingTree } from '../review/working-tree.ts'

/** Commands that take the place of files of SQL. */
export interface RecordCommands {
  /** Brings the database to the state under review: program and arguments, or a string for a shell. */
  readonly migrate: readonly string[] | string
  /** Brings an empty database to what production has. Absent: `migrate` in the base revision, where there is one. */
  readonly history?: string
  /** Takes back what is under review, for `sh -c`; absent: nobody said how. */
  readonly down?: string
  /** `run`: everything that the command does is under review, whatever git knows. */
  readonly everything?: boolean
  /** Milliseconds for each command. */
  readonly timeoutMs: number
  /** The folder that holds the migrations, relative to the project root. */
  readonly dir?: string
  readonly exclude?: readonly string[]
  /** Takes what the commands print. */
  readonly print: (chunk: Uint8Array) => void
}

/** The files of a recorded run. */
export interface RecordedReview {
  readonly reviewSet: ReviewSet
  /** Those under review and their neighbours, in the order of their names. */
  readonly files: readonly CandidateFile[]
  /** Files of their own that hold ways down; only where a command goes back. */
  readonly waysDown: readonly CandidateFile[]
  /** Paths of those under review. */
  readonly underReview: readonly string[]
  /** Files of the base revision that are others now, or gone, as they were there; only where the folder is known. */
  readonly old?: readonly CandidateFile[]
  /** Where `migrate` makes the history, when no other command does. */
  readonly base?: { readonly repository: Repository; readonly commit: string }
}

/** What the options or the configuration say; undefined where files of SQL are read. */
export function commandsOf({ config, command, commandOutput }: CheckOptions): RecordCommands | undefined {
  const [settings = {}] = config.migrations ?? []
  const migrate = command?.run ?? settings.migrate
  if (migrate === undefined) return undefined
  const { dir, exclude, timeout } = settings
  const history = command?.history ?? settings.history
  const down = command?.down ?? settings.down
  return {
    migrate,
    everything: command !== undefined,
    timeoutMs: timeout ?? configDefaults.commandTimeout,
    print: commandOutput ?? (() => {}),
    ...(history === undefined ? {} : { history }),
    ...(down === undefined ? {} : { down }),
    ...(dir === undefined ? {} : { dir }),
    ...(exclude === undefined ? {} : { exclude }),
  }
}

/** Decides what is new. Throws UsageError as decideReviewSet() does, where git has to be asked and cannot tell. */
export async function decideRecorded(
  options: CheckOptions,
  commands: RecordCommands,
): Promise<RecordedReview> {
  const { cwd, env } = options
  const search = await findRepository(cwd, env)
  const { repository } = search
  const tree = new WorkingTree(cwd, repository, commands.exclude)
  const listed = await tree.list()
  const named = commands.everything === true ? filesNamedBy(commands.migrate, listed) : []
  const all = named.length > 0 ? named : listed.filter((path) => isMigrationFile(path, commands.dir))
  const project =
    repository?.head === undefined ? {} : { project: { prefix: repository.prefix, commit: repository.head } }
  const ownWaysDown =
    commands.down === undefined ? [] : listed.filter((path) => isWayDownFile(path, commands.dir))
  const waysDown = await readCandidates(ownWaysDown, (path) => tree.read(path))
  const wantsAll = options.all || (commands.everything === true && options.base === undefined)
  if (wantsAll || repository === undefined) {
    if (!wantsAll && options.paths.length === 0)
      throw nothingToCompareWith('reason' in search ? search.reason : '')
    const underReview = wantsAll ? all : all.filter((path) => isNamed(path, options.paths))
    const description = commands.everything === true ? 'what the command does' : '--all'
    return {
      reviewSet: { ...emptyReview, ...project, base: { description } },
      files: await readCandidates(all, (path) => tree.read(path)),
      waysDown,
      underReview,
    }
  }
  const base = await decideBase(repository, options.base, env)
  const { changed, old } = await changedSince(repository, base, all, commands)
  const underReview =
    options.paths.length === 0 ? changed : all.filter((path) => isNamed(path, options.paths))
  const { description, commit } = base
  return {
    reviewSet: {
      ...emptyReview,
      ...project,
      base: commit === undefined ? { description } : { description, commit },
      notChecked: commands.dir === undefined ? guessedFolders(underReview) : [],
    },
    files: await readCandidates(all, (path) => tree.read(path)),
    waysDown,
    underReview,
    old,
    ...(commit === undefined || commands.history !== undefined ? {} : { base: { repository, commit } }),
  }
}

/** `psql -f changes.sql` */
function filesNamedBy(command: RecordCommands['migrate'], paths: readonly string[]): readonly string[] {
  const words = (typeof command === 'string' ? [command] : command).flatMap((word) => word.split(/[\s='"]+/))
  const names = new Set(words.map((word) => word.replace(/^\.\//, '')))
  return paths.filter((path) => path.endsWith('.sql') && names.has(path))
}

const emptyReview = {
  history: [],
  underReview: [],
  edited: [],
  sharesSession: true,
  problems: [],
  notChecked: [],
} as const

async function changedSince(
  repository: Repository,
  base: BaseRevision,
  all: readonly string[],
  { exclude, dir }: RecordCommands,
): Promise<{ readonly changed: readonly string[]; readonly old: readonly CandidateFile[] }> {
  await using revision = await openRevision(repository, base, exclude)
  const { files, touched, tree } = revision
  const changed = all.filter((path) => !files.has(path) || touched.has(path))
  if (dir === undefined) return { changed, old: [] }
  const old = [...files].filter((path) => touched.has(path) && isMigrationFile(path, dir))
  return { changed, old: await readCandidates(old, (path) => tree.read(path)) }
}

function isNamed(path: string, named: readonly string[]): boolean {
  return named.some((one) => one === '.' || path === one || path.startsWith(`${one.replace(/\/+$/, '')}/`))
}

function nothingToCompareWith(reason: string): UsageError {
  return new UsageError(`What is new cannot be told: ${reason}.`, {
    hint: 'Run in a clone of the repository, name migration files, or use --all.',
  })
}

/** The folders were guessed: said, so that nobody wonders. */
function guessedFolders(paths: readonly string[]): readonly Limit[] {
  const dirs = [...new Set(paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))))]
  const [first, ...more] = dirs
  if (first === undefined) return []
  const others = more.length === 0 ? '' : ` and ${more.length} more`
  const was =
    more.length === 0
      ? 'was taken for the folder of the migrations by its name'
      : 'were taken for folders of migrations by their names'
  return [
    {
      code: 'guessed-folder',
      message: `${first}${others} ${was}.`,
      hint: 'Name it as `migrations: { dir: … }` in the configuration.',
    },
  ]
}
