/** What a command that goes back is told of the migrations under review, in its environment. */

/** The migrations under review, and those before them, as paths. */
export interface Reviewed {
  /** Those that were run, in their order. */
  readonly ran: readonly string[]
  /** How many versions the tool has written down, where that can be told. */
  readonly versions: number | undefined
  /** All files of migrations, in the order in which they are run. */
  readonly files: readonly string[]
  readonly underReview: readonly string[]
}

/**
 * - `PGREHEARSE_MIGRATIONS`: how many steps it is back, in the tool's own count (a file of Liquibase may have several).
 * - `PGREHEARSE_FILES`: what was run, a path a line.
 * - `PGREHEARSE_BEFORE`: per folder of these the last file before them, a path a line, for tools that want to know where to
 *   go (`migrate <app> <name>`, `--target-version`).
 */
export function downEnvironment({ ran, versions, files, underReview }: Reviewed): Record<string, string> {
  const reviewed = new Set([...underReview, ...ran])
  const last = new Map(files.filter((path) => !reviewed.has(path)).map((path) => [folderOf(path), path]))
  const folders = new Set(ran.map(folderOf))
  return {
    PGREHEARSE_MIGRATIONS: String(Math.max(1, ran.length, versions ?? 0)),
    PGREHEARSE_FILES: lines(ran),
    PGREHEARSE_BEFORE: lines([...folders].flatMap((folder) => last.get(folder) ?? [])),
  }
}

function lines(paths: readonly string[]): string {
  return paths.filter((path) => !path.includes('\n')).join('\n')
}

/** Where each migration has a folder of its own (Diesel), the one that holds these. */
function folderOf(path: string): string {
  const parts = path.split('/')
  const hasOwn = /^(?:up|down|migration)\.\w+$/.test(parts.at(-1) ?? '')
  return parts.slice(0, hasOwn ? -2 : -1).join('/')
}
