import { matchesGlob } from '../core/glob.ts'
import type { Limit } from '../core/model.ts'
import type { FileTree } from '../core/source.ts'
import { notChecked, type QuerySettings } from './found.ts'
import { readSqlcConfigs } from './sqlc-config.ts'

/** A file that may hold queries. */
export interface Candidate {
  readonly file: string
  readonly kind: 'SQL' | 'code'
  /** Somebody named it: it holds queries also where nothing marks them. */
  readonly isNamed: boolean
}

export interface Candidates {
  readonly files: readonly Candidate[]
  readonly limits: readonly Limit[]
}

/** The files to look into: those that the configuration names, else those of the conventions. Never migrations. */
export async function queryFiles(
  tree: FileTree,
  settings: QuerySettings,
  isMigration: (path: string) => boolean,
): Promise<Candidates> {
  const { files, exclude = [] } = settings
  const isExcluded = (path: string): boolean => exclude.some((pattern) => matchesGlob(path, clean(pattern)))
  const paths = await tree.list()
  if (files !== undefined) return namedFiles(paths, files, (path) => isExcluded(path) || isMigration(path))
  const usual = paths.filter((path) => !leftOut.test(path))
  const sqlc = await readSqlcConfigs(tree, usual)
  const found = paths.flatMap((file): readonly Candidate[] => {
    const kind = kindOf(file)
    if (kind === undefined || isExcluded(file) || isMigration(file)) return []
    if (kind === 'SQL' && sqlc.isForeign(file)) return []
    const isUsual = !leftOut.test(file) || (kind === 'SQL' && sqlc.isQueries(file))
    return isUsual ? [{ file, kind, isNamed: false }] : []
  })
  return { files: found, limits: sqlc.limits }
}

/** Other people's code, build output, and tests, whose queries nobody runs in production. */
const leftOut = new RegExp(
  [
    String.raw`(?:^|/)(?:node_modules|bower_components|vendor|third_party|dist|build|out|coverage|target)/`,
    String.raw`(?:^|/)\.[^/]+/`,
    String.raw`(?:^|/)(?:tests?|__tests__|__mocks__|__fixtures__|spec|e2e|cypress|testdata)/`,
    String.raw`\.(?:test|spec|e2e|stories|min|bundle|d)\.[cm]?[jt]sx?$`,
    String.raw`_(?:test|spec)\.(?:sql|[cm]?[jt]sx?)$`,
  ].join('|'),
)

function kindOf(path: string): Candidate['kind'] | undefined {
  if (path.endsWith('.sql')) return 'SQL'
  return /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path) ? 'code' : undefined
}

function namedFiles(
  paths: readonly string[],
  patterns: readonly string[],
  isLeftOut: (path: string) => boolean,
): Candidates {
  const matching = paths.filter((path) => patterns.some((pattern) => matchesGlob(path, clean(pattern))))
  const wanted = matching.filter((path) => !isLeftOut(path))
  const files = wanted.flatMap((file): readonly Candidate[] => {
    const kind = kindOf(file)
    return kind === undefined ? [] : [{ file, kind, isNamed: true }]
  })
  const unused = patterns.filter((pattern) => !matching.some((path) => matchesGlob(path, clean(pattern))))
  return { files, limits: [...unknownLanguages(wanted), ...unused.map(matchesNothing)] }
}

/** `./src/db` is `src/db`. */
function clean(pattern: string): string {
  return pattern.replace(/^(?:\.\/)+/, '')
}

/** Code in languages whose strings we cannot tell from other text. */
function unknownLanguages(paths: readonly string[]): readonly Limit[] {
  const others = paths.filter((path) => otherCode.test(path))
  const [first] = others
  if (first === undefined) return []
  const more = others.length > 1 ? ` and ${others.length - 1} more` : ''
  return [
    notChecked(
      `${first}${more} of \`queries\` are not searched for queries: only .sql, TypeScript and JavaScript are understood.`,
    ),
  ]
}

const otherCode =
  /\.(?:c|clj[cs]?|cpp|cs|dart|erl|exs?|fs|go|groovy|hs|java|kts?|lua|ml|php|p[lm]|py|rb|rs|scala|svelte|swift|vue)$/

function matchesNothing(pattern: string): Limit {
  return notChecked(
    `No file matches ${JSON.stringify(pattern)} of \`queries\`.`,
    undefined,
    'Paths are relative to the project root; `*` stays within a folder, `**` spans folders.',
  )
}
