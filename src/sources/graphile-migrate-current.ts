import type { FileTree, SkippedFile, SourceProblem } from '../core/source.ts'
import type { CommittedScript } from './graphile-migrate-headers.ts'
import { folderOf, joinPath, nameOf } from './paths.ts'
import { readText } from './read.ts'

/** The migration that is being written. */
export interface CurrentMigration {
  readonly files: readonly CommittedScript[]
  readonly skipped: readonly SkippedFile[]
  readonly problems: readonly SourceProblem[]
}

/**
 * current.sql, or the files of current/ in the order of their numbers (readCurrentMigration in current.js of
 * graphile-migrate). The tool joins those of the folder into one text; here each stays itself.
 */
export async function readCurrent(dir: string, files: FileTree): Promise<CurrentMigration> {
  const paths = await files.list()
  const single = joinPath(dir, 'current.sql')
  const folder = joinPath(dir, 'current')
  const parts = paths.filter((path) => folderOf(path) === folder && path.endsWith('.sql'))
  const chosen = parts.length > 0 ? parts.filter((path) => !nameOf(path).startsWith('.')) : [single]
  const problems: SourceProblem[] = []
  if (parts.length > 0 && paths.includes(single)) problems.push(bothThere(single, folder))
  const found: { readonly script: CommittedScript; readonly number: bigint }[] = []
  for (const file of chosen.filter((path) => paths.includes(path))) {
    const number = file === single ? 0n : numberIn(file)
    const read = await readText(files, file)
    if (number === undefined) problems.push(wrongName(file))
    else if ('problem' in read) problems.push(read.problem)
    else found.push({ script: { file, number: undefined, body: { text: read.text, start: 0 } }, number })
  }
  found.sort((a, b) => (a.number < b.number ? -1 : 1))
  const scripts = found.map(({ script }) => script)
  return { files: scripts, skipped: scripts.flatMap((script) => included(script, dir)), problems }
}

/** `--!include x.sql`, of version 2, puts in a file of fixtures/ (compileIncludes in its migration.js). */
function included({ file, body }: CommittedScript, dir: string): readonly SkippedFile[] {
  return [...body.text.matchAll(/^--![ \t]*include[ \t]+(\S+\.sql)[ \t]*$/gm)].map(([, name = '']) => ({
    file: joinPath(joinPath(dir, 'fixtures'), name),
    reason: `${file} includes it, which is not followed`,
    affectsOthers: true,
  }))
}

function numberIn(file: string): bigint | undefined {
  const digits = /^([0-9]+)(?:-[-_a-zA-Z0-9]*)?\.sql$/.exec(nameOf(file))?.[1]
  return digits === undefined || BigInt(digits) === 0n ? undefined : BigInt(digits)
}

function bothThere(single: string, folder: string): SourceProblem {
  return {
    code: 'refused-by-tool',
    file: single,
    message: `${single} and ${folder} are both there; Graphile Migrate refuses to choose.`,
    remedy: 'Keep one of them.',
  }
}

function wrongName(file: string): SourceProblem {
  return {
    code: 'refused-by-tool',
    file,
    message: `${file} is not named <number>-<name>.sql, and Graphile Migrate stops at it.`,
    remedy: 'Give the name a number in front.',
  }
}
