import type { FileTree, SourceProblem } from '../core/source.ts'
import { decodeText } from './text.ts'

/** A file's text, or the problem that keeps it from being read. */
export type ReadText = { readonly text: string } | { readonly problem: SourceProblem }

/** Reads and decodes one migration file. */
export async function readText(files: FileTree, file: string): Promise<ReadText> {
  const bytes = await files.read(file)
  if (bytes === undefined) return unreadable(file, 'cannot be read')
  const decoded = decodeText(bytes)
  return 'text' in decoded ? decoded : unreadable(file, decoded.problem)
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
