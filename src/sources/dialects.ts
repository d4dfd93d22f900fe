import type { FileTree } from '../core/source.ts'
import type { FolderOwner } from './owners.ts'
import { foreignDatabase } from './foreign-database.ts'
import { goDialect } from './go-dialects.ts'
import { folderOf, isInside, joinPath, nameOf } from './paths.ts'
import { readSettings } from './read.ts'

/**
 * Some tools write down for which database a folder is, else its name may say it. One for another than Postgres gets
 * no source, so that nobody runs it and its own name is said.
 */
export async function forPostgres(files: FileTree, folder: FolderOwner): Promise<FolderOwner> {
  if (folder.source === undefined) return folder
  const dialect = (await dialectOf(files, folder)) ?? foreignDatabase(folder.dir)
  if (dialect === undefined || /^postgres(?:ql)?$/.test(dialect)) return folder
  const { source: _source, ...others } = folder
  return { ...others, tool: `${folder.tool} for another database than Postgres` }
}

function dialectOf(files: FileTree, { source, dir }: FolderOwner): Promise<string | undefined> {
  if (source === 'prisma') return prismaProvider(files, dir)
  return source === 'drizzle' ? drizzleDialect(files, dir) : goDialect(files, source, dir)
}

/** The first line that begins with `provider` (read_provider_from_lock_file of prisma/prisma-engines). */
async function prismaProvider(files: FileTree, dir: string): Promise<string | undefined> {
  const lock = await readSettings(files, joinPath(dir, 'migration_lock.toml'))
  return lock?.match(/^provider *= *"?([^"\r\n]*)/m)?.[1]
}

/** Of the journal, else of the first snapshot of a folder in the layout without a journal. */
async function drizzleDialect(files: FileTree, dir: string): Promise<string | undefined> {
  const journal = joinPath(dir, 'meta/_journal.json')
  const paths = await files.list()
  const file = paths.includes(journal)
    ? journal
    : paths.find(
        (path) => nameOf(path) === 'snapshot.json' && isInside(path, dir) && folderOf(folderOf(path)) === dir,
      )
  const text = file === undefined ? undefined : await readSettings(files, file)
  return text?.match(/"dialect"\s*:\s*"([^"]*)"/)?.[1]
}
