import type { TransactionChoice } from '../core/model.ts'
import type { FileTree, MigrationScript, WayDown } from '../core/source.ts'
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

/** A file that is the way down from its beginning to its end; undefined when it cannot be read. */
export async function wholeWayDown(
  files: FileTree,
  file: string | undefined,
  transactionOf: (text: string) => TransactionChoice,
): Promise<WayDown | undefined> {
  const read = file === undefined ? undefined : await readText(files, file)
  if (file === undefined || read === undefined || 'problem' in read) return undefined
  const { text } = read
  return { file, text, start: 0, end: text.length, transaction: transactionOf(text) }
}

/** The scripts with their ways down, as far as they have one. */
export async function withWaysDown(
  scripts: readonly MigrationScript[],
  wayDownOf: (script: MigrationScript) => Promise<WayDown | undefined>,
): Promise<readonly MigrationScript[]> {
  return Promise.all(
    scripts.map(async (script) => {
      const down = await wayDownOf(script)
      return down === undefined ? script : { ...script, down }
    }),
  )
}
