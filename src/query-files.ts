/** The application's code under review: the queries of both revisions, and what of it could not be understood. */
import type { Limit } from './core/model.ts'
import type { Production, ProductionStatement } from './core/production.ts'
import type { ReviewedQuery } from './core/query-model.ts'
import type { FileTree, ReviewSet } from './core/source.ts'
import { findQueries } from './queries/find.ts'
import { pairQueries } from './queries/pair.ts'
import { openQueryTrees, type QueryTrees } from './review/query-trees.ts'
import type { ReviewRequest } from './review/request.ts'
import { isInside } from './sources/paths.ts'
import { parseSearchPath, splitIdentifierList } from './sql/names.ts'
import type { CheckOptions } from './check-options.ts'

export interface Code {
  readonly queries: readonly ReviewedQuery[]
  readonly limits: readonly Limit[]
  /** The application's, where the configuration says; else the database's. */
  readonly searchPath?: readonly string[]
}

/**
 * The queries of files and of production's statistics; undefined when there are none, or nobody wants them looked at.
 */
export async function readCode(
  options: CheckOptions,
  request: ReviewRequest,
  reviewSet: ReviewSet,
  production: Production | undefined,
): Promise<Code | undefined> {
  const { config } = options
  if (config.queries === false) return undefined
  // a hook has to be quick: it judges migrations
  if (options.staged === true || options.budget !== undefined) return notInHooks(options)
  const settings = config.queries ?? {}
  await using opened = await openQueryTrees(request, reviewSet.base)
  const trees = options.codeDir === undefined ? opened : within(opened, options.codeDir)
  const isMigration = migrationsOf(reviewSet)
  const current = await findQueries(trees.current, settings, isMigration)
  const old =
    trees.old === undefined ? undefined : await findQueries(trees.old, settings, isMigration, current)
  const { queries, limits } = pairQueries(
    old,
    current,
    (production?.statements ?? []).filter(isOfTheApplication),
  )
  const all = [...limits, ...mentionedLimits(current.limits)]
  if (options.codeDir !== undefined && queries.length > 0) all.push(onlyBelow(options.codeDir))
  if (queries.length === 0 && all.length === 0) return undefined
  const searchPath = settings.searchPath ?? productionPath(options)
  return { queries, limits: all, ...(searchPath === undefined ? {} : { searchPath }) }
}

/** What production gives to every session, as far as the configuration tells. */
function productionPath({ config }: CheckOptions): readonly string[] | undefined {
  const said = config.settings?.['search_path']
  return said === undefined ? undefined : parseSearchPath(splitIdentifierList(said))
}

/** Of several databases each has the code of its own folder: which of them code elsewhere queries, nothing tells. */
function within({ current, old }: QueryTrees, dir: string): Pick<QueryTrees, 'current' | 'old'> {
  const below = (tree: FileTree): FileTree => ({
    list: async () => (await tree.list()).filter((path) => isInside(path, dir)),
    read: (path) => tree.read(path),
  })
  return { current: below(current), ...(old === undefined ? {} : { old: below(old) }) }
}

function onlyBelow(dir: string): Limit {
  return {
    code: 'queries-of-one-folder',
    message: `Only queries below ${dir === '' ? 'the project root' : dir} were taken for queries of this database, because the repository has several.`,
    hint: 'Say under `databases` which files query which one: `queries.files`.',
  }
}

/** What monitoring asks of the server itself is nobody's code. */
export function isOfTheApplication({ sql }: Pick<ProductionStatement, 'sql'>): boolean {
  return !/\b(?:pg_(?:catalog\.|stat_|statio_|(?:settings|locks|database)\b)|information_schema\.)/i.test(sql)
}

function notInHooks({ config }: CheckOptions): Code | undefined {
  if (config.queries === undefined) return undefined
  return {
    queries: [],
    limits: [
      {
        code: 'queries-not-checked',
        message: 'The application’s queries are not checked with --staged and --budget.',
        hint: 'CI checks them; here `pgrehearse queries` does.',
      },
    ],
  }
}

function migrationsOf({ origin, history, underReview }: ReviewSet): (path: string) => boolean {
  const files = new Set([...history, ...underReview].map(({ file }) => file))
  const dirs = origin === undefined ? [] : [origin.root.dir, ...(origin.root.otherDirs ?? [])]
  const folders = dirs.filter((dir) => dir !== '')
  return (path) => files.has(path) || folders.some((dir) => isInside(path, dir))
}

/** Enough to see what kind of queries they are; the number says the rest. */
const mostMentioned = 5

/** The first of what could not be understood, and how many more there are. No report has those. */
export function mentionedLimits(limits: readonly Limit[]): readonly Limit[] {
  const more = limits.length - mostMentioned
  if (more <= 1) return limits
  return [
    ...limits.slice(0, mostMentioned),
    {
      code: 'query-not-checked',
      message: `${more} more queries or files with queries could not be understood and were not checked.`,
      hint: 'With fewer files in `queries.files` of the configuration they are named; `queries.exclude` leaves out files that hold none.',
    },
  ]
}
