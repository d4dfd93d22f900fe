import type { TransactionChoice } from '../core/model.ts'
import type { FileTree, MigrationScript, SourceProblem } from '../core/source.ts'
import { markProblem } from './byte-order-mark.ts'
import { lostTableProblem } from './own-table.ts'
import { readText } from './read.ts'

/** A script that is a file from its beginning to its end. */
export interface WholeFile {
  readonly file: string
  /** Numbers are written without leading zeros. */
  readonly version: string | bigint
  readonly title: string
}

/** The tool that sends whole files. */
export interface FileSender {
  readonly id: string
  readonly title: string
  /** In which it keeps its books, by the same session, as it names it. */
  readonly table: string
}

/**
 * Reads files that a tool sends just as they are, each followed by a row in its table: what the server would then not
 * understand, or not find, is a problem.
 */
export async function readWholeFiles<T extends WholeFile>(
  entries: readonly T[],
  files: FileTree,
  sender: FileSender,
  transactionOf: (entry: T, text: string) => TransactionChoice | Promise<TransactionChoice>,
): Promise<{ readonly scripts: readonly MigrationScript[]; readonly problems: readonly SourceProblem[] }> {
  const read = await Promise.all(entries.map((entry) => readWholeFile(entry, files, sender, transactionOf)))
  return {
    scripts: read.flatMap(({ script }) => script ?? []),
    problems: read.flatMap(({ problems }) => problems),
  }
}

async function readWholeFile<T extends WholeFile>(
  entry: T,
  files: FileTree,
  sender: FileSender,
  transactionOf: (entry: T, text: string) => TransactionChoice | Promise<TransactionChoice>,
): Promise<{ readonly script?: MigrationScript; readonly problems: readonly SourceProblem[] }> {
  const { file, version, title } = entry
  const read = await readText(files, file)
  if ('problem' in read) return { problems: [read.problem] }
  const { text, hasMark } = read
  const problems = [
    ...markProblem(hasMark, file, sender.title),
    ...lostTableProblem(file, text, sender.title, sender.table),
  ]
  const named = { source: sender.id, file, version: String(version), title }
  const transaction = await transactionOf(entry, text)
  return { script: { ...named, text, start: 0, end: text.length, transaction, repeatable: false }, problems }
}

/** By version, as a number. */
export function compareVersions(a: { readonly version: bigint }, b: { readonly version: bigint }): number {
  if (a.version === b.version) return 0
  return a.version < b.version ? -1 : 1
}
