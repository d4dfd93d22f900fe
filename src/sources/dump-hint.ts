import type { Limit } from '../core/model.ts'
import type { FileTree, MigrationSet } from '../core/source.ts'
import { folderOf, isInside, nameOf } from './paths.ts'
import { readSettings } from './read.ts'

/** How many scripts of the history are asked whether they build on tables that nothing has created. */
const looked = 5

/**
 * Nobody can tell a dump that the history starts from from one that the tool writes after each run. So none is taken
 * unasked; but where one lies beside migrations that begin in the middle, the report says how to name it.
 */
export async function hintAtDump(set: MigrationSet, files: FileTree): Promise<Limit | undefined> {
  const missing = firstMissing(set)
  if (missing === undefined) return undefined
  const scripts = new Set(set.scripts.map(({ file }) => file))
  for (const path of await files.list()) {
    if (!isBeside(path, set.root.dir) || scripts.has(path)) continue
    const text = await readSettings(files, path)
    if (text === undefined || !isDump(text)) continue
    return {
      code: 'dump-not-used',
      message: `${missing.file} changes ${missing.table}, which no migration before it creates; ${path} is a dump that may be where the history starts, and was not used.`,
      hint: `Say migrations: { start: '${path}' } in the configuration when it is.`,
    }
  }
  return undefined
}

/** The first scripts are read with a broad brush: the hint needs no more, and decides nothing. */
function firstMissing({
  scripts,
}: MigrationSet): { readonly file: string; readonly table: string } | undefined {
  const created = new Set<string>()
  for (const { file, text, start, end } of scripts.slice(0, looked)) {
    const sql = text.slice(start, end).slice(0, 100_000)
    for (const [, table = ''] of sql.matchAll(creating)) created.add(bare(table))
    for (const [, table = ''] of sql.matchAll(altering)) if (!created.has(bare(table))) return { file, table }
  }
  return undefined
}

const creating =
  /\bcreate\s+(?:\w+\s+){0,2}?(?:table|view|foreign\s+table)\s+(?:if\s+not\s+exists\s+)?([\w".]+)/gi
const altering = /^[ \t]*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?([\w".]+)/gim

function bare(table: string): string {
  return table.replaceAll('"', '').split('.').at(-1)?.toLowerCase() ?? ''
}

function isBeside(path: string, root: string): boolean {
  if (!/^(?:structure|schema|dump|baseline|init)\.sql$/i.test(nameOf(path))) return false
  return folderOf(path) === 'db' || isInside(root, folderOf(path))
}

/** Every pg_dump since 10.3 empties search_path; the comments at the top are what Rails removes. */
function isDump(text: string): boolean {
  return text.slice(0, 4000).includes("SELECT pg_catalog.set_config('search_path', '', false);")
}
