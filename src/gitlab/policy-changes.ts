import type { FileChange } from './diff.ts'
import type { PolicyChange } from './model.ts'

/** The names that src/config looks for, in any folder. */
const configurationFile = /(?:^|\/)pgrehearse\.config\.(?:ts|js|mjs|json|yaml|yml)$/

/**
 * An allow comment, as src/sql/suppressions.ts reads it: it may stand behind a carriage return or U+2028 in the middle of
 * what git takes for a line.
 */
const allowComment = /^[ \t]*(--[ \t]*pgrehearse-allow\b[^\r\n]*)/gm

/** Enough of a configuration's patch to see what it does; the whole is one click away. */
const maxPatchLines = 60
const maxPatchLength = 4000

/**
 * What the merge request changes about how it is judged: configuration files, and allow comments among the added
 * lines of any file. A comment whose text the patch also removes from the same file was moved or indented, and is not new.
 */
export function policyChanges(changes: readonly FileChange[]): readonly PolicyChange[] {
  return [...changes.flatMap(configurationChanges), ...changes.flatMap(newAllows)]
}

function configurationChanges({ oldPath, newPath, kind, patch }: FileChange): readonly PolicyChange[] {
  const change = (file: string, what: 'added' | 'edited' | 'deleted'): readonly PolicyChange[] =>
    configurationFile.test(file) ? [{ kind: 'configuration', file, change: what, patch: cut(patch) }] : []
  if (kind !== 'renamed') return change(newPath, kind)
  // another name means another place in the search, or none
  return [...change(oldPath, 'deleted'), ...change(newPath, 'added')]
}

function newAllows({ newPath: file, lines, removed }: FileChange): readonly PolicyChange[] {
  const gone = new Map<string, number>()
  for (const text of removed.flatMap(allowsOf)) gone.set(text, (gone.get(text) ?? 0) + 1)
  const added = lines.filter(({ oldLine }) => oldLine === undefined)
  return added.flatMap(({ newLine, text: line }) =>
    allowsOf(line).flatMap((text): readonly PolicyChange[] => {
      const moved = gone.get(text) ?? 0
      gone.set(text, moved - 1)
      return moved > 0 ? [] : [{ kind: 'allow', file, line: newLine, text }]
    }),
  )
}

function allowsOf(line: string): readonly string[] {
  return [...line.matchAll(allowComment)].map(([, text = '']) => text.trimEnd())
}

function cut(patch: string): string {
  const lines = patch.split('\n')
  const kept = lines.slice(0, maxPatchLines).join('\n').slice(0, maxPatchLength)
  return kept.length === patch.length ? patch : `${kept}\n…`
}
