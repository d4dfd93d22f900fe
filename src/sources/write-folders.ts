import type { MigrationWriter, WrittenFile, WrittenFiles, WriteRequest } from '../core/source.ts'
import { namesBehind } from './new-names.ts'
import { folderOf, joinPath, nameOf } from './paths.ts'
import { emptyWayDown, undoes } from './way-down.ts'

/** Prisma: a folder for each; a script is one message, which alone in it is no transaction. */
export const prismaWriter: MigrationWriter = {
  severalOutside: false,
  write: (request) =>
    writeFolders(request, (folder, sql) => [{ path: joinPath(folder, 'migration.sql'), text: sql }]),
}

/** Diesel: a folder for each, with metadata.toml and, where the migration has one, down.sql. */
export const dieselWriter: MigrationWriter = {
  severalOutside: false,
  write: async (request) => {
    const { files, script, outside } = request
    const own = folderOf(script.file)
    const isUndone = await undoes(files, joinPath(own, 'down.sql'))
    const written = await writeFolders(request, (folder, sql, transaction) => [
      { path: joinPath(folder, 'up.sql'), text: sql },
      ...(isUndone === undefined
        ? []
        : [{ path: joinPath(folder, 'down.sql'), text: emptyWayDown({ file: own }, isUndone) }]),
      ...(transaction ? [] : [{ path: joinPath(folder, 'metadata.toml'), text: noTransaction }]),
    ])
    if ('cannot' in written || !outside) return written
    const path = joinPath(own, 'metadata.toml')
    const bytes = await files.read(path)
    const text = bytes === undefined ? '' : new TextDecoder().decode(bytes)
    const rest = text.replaceAll(/^[ \t]*"?run_in_transaction"?[ \t]*=[^\n]*\n?/gm, '')
    return { files: [{ path, text: noTransaction + rest }, ...written.files] }
  },
}

const noTransaction = 'run_in_transaction = false\n'

async function writeFolders(
  { files, set, script, pieces }: WriteRequest,
  filesOf: (folder: string, sql: string, transaction: boolean) => readonly WrittenFile[],
): Promise<WrittenFiles> {
  const own = folderOf(script.file)
  const { dir } = set.root
  const prefix = dir === '' ? '' : `${dir}/`
  const folders = new Set(
    (await files.list())
      .filter((path) => path.startsWith(prefix) && path.slice(prefix.length).includes('/'))
      .map((path) => path.slice(prefix.length).split('/', 1)[0] ?? ''),
  )
  const titles = pieces.map(({ title }) => title)
  const found = namesBehind(nameOf(own), [...folders], titles, '')
  if ('cannot' in found) return found
  return {
    files: pieces.flatMap(({ sql, transaction }, index) =>
      filesOf(joinPath(folderOf(own), found.names[index] ?? ''), sql, transaction),
    ),
  }
}
