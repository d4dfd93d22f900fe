import type { FileTree, MigrationScript } from '../core/source.ts'
import { nameOf } from './paths.ts'
import { readText } from './read.ts'

/**
 * What stands in the way down of a new script: the migration that it was part of undoes the whole as before, because
 * tools go down in the opposite order, so that there is nothing left for this one.
 */
export function emptyWayDown({ file }: Pick<MigrationScript, 'file'>, isUndone: boolean): string {
  const name = nameOf(file)
  return isUndone
    ? `-- Nothing to do here: the way down of ${name} undoes this too.\n`
    : `-- Not undone, as ${name} is not.\n`
}

/** Does a file beside the script hold SQL? Undefined when there is none. */
export async function undoes(files: FileTree, path: string): Promise<boolean | undefined> {
  if (!(await files.list()).includes(path)) return undefined
  const read = await readText(files, path)
  return 'text' in read && holdsSql(read.text)
}

/** Is there anything but comments and blanks? Nothing hangs on it but a sentence. */
export function holdsSql(text: string): boolean {
  return text.split('\n').some((line) => !/^\s*(?:--.*)?$/.test(line))
}
