import type { FileChange } from './diff.ts'
import type { PolicyChange } from './model.ts'

/** The names that src/config looks for, in any folder. */
const configurationFile = /(?:^|\/)pgrehearse\.config\.(?:ts|js|mjs|json|yaml|yml)$/

/** An allow comment, as src/sql/suppressions.ts reads it. */
const allowComment = /^[ \t]*(--[ \t]*pgrehearse-allow\b[^]*)$/

/** Enough of a configuration's patch to see what it does; the whole is one click away. */
const maxPatchLines = 60
const maxPatchLength = 4000

/**
 * What the merge request changes about how it is judged: configuration files, and allow comments among the added
 * lines of any file. A comment whose text the same patch also removes was moved or indented, and is not new.
 */
export function policyChanges(changes: readonly FileChange[]): readonly PolicyChange[] {
  return [...changes.flatMap(configurationChanges), ...newAllows(changes)]
}

function configurationChanges({ oldPath, newPath, kind, patch }: FileChange): readonly PolicyChange[] {
  const change = (file: string, what: 'added' | 'edited' | 'deleted'): readonly PolicyChange[] =>
    configurationFile.test(file) ? [{ kind: 'configuration', file, change: what, patch: cut(patch) }] : []
  if (kind !== 'renamed') return change(newPath, kind)
  // another name means another place in the search, or none
  return [...change(oldPath, 'deleted'), ...change(newPath, 'added')]
}

function newAllows(changes: readonly FileChange[]): readonly PolicyChange[] {
  const removed = new Map<string, number>()
  for (const line of changes.flatMap((change) => change.removed)) {
    const text = allowOf(line)
    if (text !== undefined) removed.set(text, (removed.get(text) ?? 0) + 1)
  }
  const allows: PolicyChange[] = []
  for (const { newPath: file, lines } of changes) {
    for (const { newLine, oldLine, text: line } of lines) {
      const text = oldLine === undefined ? allowOf(line) : undefined
      if (text === undefined) continue
      const moved = removed.get(text) ?? 0
      if (moved > 0) removed.set(text, moved - 1)
      else allows.push({ kind: 'allow', file, line: newLine, text })
    }
  }
  return allows
}

function allowOf(line: string): string | undefined {
  return allowComment.exec(line.trimEnd())?.[1]
}

function cut(patch: string): string {
  const lines = patch.split('\n')
  const kept = lines.slice(0, maxPatchLines).join('\n').slice(0, maxPatchLength)
  return kept.length === patch.length ? patch : `${kept}\n…`
}
