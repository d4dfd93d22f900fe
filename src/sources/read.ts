import type { FileTree, MigrationScript, SourceProblem } from '../core/source.ts'
import { markProblem } from './byte-order-mark.ts'
import { decodeText, startsWithMark } from './text.ts'

/** A file's text, or the problem that keeps it from being read. */
export type ReadText =
  | {
      readonly text: string
      /** A UTF-8 byte order mark stood before the text: several tools do not know it. */
      readonly hasMark: boolean
    }
  | { readonly problem: SourceProblem }

/** Reads and decodes one migration file. */
export async function readText(files: FileTree, file: string): Promise<ReadText> {
  const bytes = await files.read(file)
  if (bytes === undefined) return unreadable(file, 'cannot be read')
  const decoded = decodeText(bytes)
  return 'text' in decoded
    ? { ...decoded, hasMark: startsWithMark(bytes) }
    : unreadable(file, decoded.problem)
}

/**
 * The scripts of the files that can be read, in the order given, and the problems of the others.
 *
 * @param sender the tool that sends a byte order mark to the server; absent: it drops the mark, as we do
 */
export async function loadScripts<Entry extends { readonly file: string }>(
  files: FileTree,
  entries: readonly Entry[],
  scriptOf: (entry: Entry, text: string) => MigrationScript,
  sender?: string,
): Promise<{ readonly scripts: readonly MigrationScript[]; readonly problems: readonly SourceProblem[] }> {
  const scripts: MigrationScript[] = []
  const problems: SourceProblem[] = []
  const texts = await Promise.all(entries.map(({ file }) => readText(files, file)))
  for (const [index, entry] of entries.entries()) {
    const read = texts[index]
    if (read === undefined) continue
    if ('problem' in read) problems.push(read.problem)
    else {
      scripts.push(scriptOf(entry, read.text))
      if (sender !== undefined) problems.push(...markProblem(read.hasMark, entry.file, sender))
    }
  }
  return { scripts, problems }
}

/** The text of a tool's configuration file, or of one that is only looked into; undefined when it has none. */
export async function readSettings(files: FileTree, file: string): Promise<string | undefined> {
  const bytes = await files.read(file)
  const decoded = bytes === undefined ? undefined : decodeText(bytes)
  return decoded !== undefined && 'text' in decoded ? decoded.text : undefined
}

function unreadable(file: string, what: string): ReadText {
  return { problem: { code: 'unreadable-file', file, message: `${file} ${what}.` } }
}

/** One problem per version that several files claim, naming them all, at the last of them. */
export function duplicateVersions(
  scripts: readonly { readonly file: string; readonly version: string }[],
  tool: string,
): readonly SourceProblem[] {
  const byVersion = new Map<string, string[]>()
  for (const { file, version } of scripts) {
    const files = byVersion.get(version)
    if (files === undefined) byVersion.set(version, [file])
    else files.push(file)
  }
  const problems: SourceProblem[] = []
  for (const [version, files] of byVersion) {
    const last = files.at(-1)
    if (files.length < 2 || last === undefined) continue
    const message = `Version ${version} is claimed by ${files.join(' and ')}; ${tool}.`
    problems.push({ code: 'duplicate-version', file: last, message })
  }
  return problems
}
