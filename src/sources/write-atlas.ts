import type { FileTree, MigrationWriter, WrittenFile, WrittenFiles, WriteRequest } from '../core/source.ts'
import { atlasSum, validateSum, type HashedFile } from './atlas-sum.ts'
import { pathsBehind } from './new-names.ts'
import { compareText, folderOf, joinPath, nameOf } from './paths.ts'
import { readSettings, readText } from './read.ts'

/** Atlas: `-- atlas:txmode none` and an empty line at the top; atlas.sum covers every file and is written anew. */
export const atlasWriter: MigrationWriter = { severalOutside: true, write }

const outsideMark = '-- atlas:txmode none\n'

async function write(request: WriteRequest): Promise<WrittenFiles> {
  const { files, script, pieces } = request
  const read = await readText(files, script.file)
  if ('problem' in read) return { cannot: read.problem.message }
  const mismatch = validateSum(...(await sumOf(request.before, script.file)))
  if (mismatch !== undefined)
    return { cannot: 'atlas.sum does not fit the files as they are: run `atlas migrate hash` first.' }
  if (request.outside && read.text.includes('\r'))
    return { cannot: 'Atlas sees no directive in a file with the line ends of Windows.' }
  const found = await pathsBehind(request, '.sql')
  if ('cannot' in found) return found
  const own = request.outside ? [{ path: script.file, text: marked(read.text) }] : []
  const created = pieces.map(({ sql, transaction }, index): WrittenFile => ({
    path: found.paths[index] ?? '',
    text: transaction ? sql : `${outsideMark}\n${sql}`,
  }))
  const written = [...own, ...created]
  return { files: [...written, await sumFile(request, written)] }
}

/** Behind the directives that are there: they end with an empty line. */
function marked(text: string): string {
  const top = /^(?:(?:#|--)[^\n]*\n)+(?=[ \t]*\n)/.exec(text)?.[0] ?? ''
  return /atlas:\w/.test(top) ? top + outsideMark + text.slice(top.length) : `${outsideMark}\n${text}`
}

async function sumFile(
  { files, script }: WriteRequest,
  written: readonly WrittenFile[],
): Promise<WrittenFile> {
  const texts = new Map(written.map(({ path, text }) => [path, new TextEncoder().encode(text)]))
  const paths = [...new Set([...(await files.list()), ...texts.keys()])]
  const hashed = await hashedFiles(
    {
      list: () => Promise.resolve(paths),
      read: async (path) => texts.get(path) ?? (await files.read(path)),
    },
    script.file,
  )
  return { path: joinPath(folderOf(script.file), 'atlas.sum'), text: atlasSum(hashed) }
}

/** The text of atlas.sum, and the files that it is about. */
async function sumOf(files: FileTree, file: string): Promise<[string | undefined, readonly HashedFile[]]> {
  const sum = await readSettings(files, joinPath(folderOf(file), 'atlas.sum'))
  return [sum, await hashedFiles(files, file)]
}

/** The files beside this one, in the order of their names. */
async function hashedFiles(files: FileTree, file: string): Promise<readonly HashedFile[]> {
  const dir = folderOf(file)
  const paths = (await files.list()).filter((path) => folderOf(path) === dir && path.endsWith('.sql'))
  return Promise.all(
    [...paths].sort(compareText).map(async (path) => ({
      name: nameOf(path),
      bytes: (await files.read(path)) ?? new Uint8Array(),
    })),
  )
}
