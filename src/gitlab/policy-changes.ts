import type { Report } from '../core/model.ts'
import { repositoryPath } from '../reporters/repository-path.ts'
import type { FileChange } from './diff.ts'
import type { PolicyChange } from './model.ts'

/** The names that src/config looks for, in any folder. */
const configurationFile = /(?:^|\/)pgrehearse\.config\.(?:ts|js|mjs|json|yaml|yml)$/

/** What `pgrehearse baseline` calls its file unless told otherwise; it may be JSON. */
const baselineFile = /(?:^|\/)\.pgrehearse-baseline\.(?:json|yaml|yml)$/

/** What `pgrehearse snapshot` calls its file unless told otherwise. */
const snapshotFile = /(?:^|\/)pgrehearse-snapshot\.json$/

/**
 * An allow comment, as src/sql/suppressions.ts reads it: it may stand behind a carriage return or U+2028 in the middle of
 * what git takes for a line.
 */
const allowComment = /^[ \t]*(--[ \t]*pgrehearse-allow\b[^\r\n]*)/gm

/** Enough of a configuration's patch to see what it does; the whole is one click away. */
const maxPatchLines = 60
const maxPatchLength = 4000

/**
 * What the merge request changes about how it is judged: configuration files, baselines, production's sizes, and allow
 * comments among the added lines of any file. A comment whose text the patch also removes from the same file was moved or
 * indented, and is not new. `named`: files that the report names.
 */
export function policyChanges(
  changes: readonly FileChange[],
  named: Partial<NamedFiles> = {},
): readonly PolicyChange[] {
  const { configuration, baseline, production } = named

  const kindOf = (file: string): FilePolicy | undefined => {
    if (configurationFile.test(file) || configuration?.has(file)) return 'configuration'
    if (baselineFile.test(file) || baseline?.has(file)) return 'baseline'
    return snapshotFile.test(file) || production?.has(file) ? 'production' : undefined
  }
  return [...changes.flatMap((change) => fileChanges(change, kindOf)), ...changes.flatMap(newAllows)]
}

type FilePolicy = Exclude<PolicyChange['kind'], 'allow'>

/** Files that decide how is judged, by what they hold. Paths from the top of the repository. */
export interface NamedFiles {
  /** What the configuration extends. */
  readonly configuration: ReadonlySet<string>
  /** Where findings are accepted. */
  readonly baseline: ReadonlySet<string>
  /** Where production's sizes were taken from. */
  readonly production: ReadonlySet<string>
}

/** Those that a report names. */
export function namedFiles(
  report: Pick<Report, 'findings' | 'project' | 'production' | 'settings'>,
): NamedFiles {
  const { findings, production, settings } = report
  const fromTop = (files: readonly string[]): ReadonlySet<string> =>
    new Set(files.map((file) => repositoryPath(report, file)))
  const sources = production?.sources.filter(({ kind }) => kind !== 'configuration') ?? []
  return {
    configuration: fromTop(settings.configExtends ?? []),
    baseline: fromTop(findings.flatMap(({ allowed }) => allowed?.baseline ?? [])),
    production: new Set(sources.map(({ name }) => name)),
  }
}

function fileChanges(
  { oldPath, newPath, kind, patch }: FileChange,
  kindOf: (file: string) => FilePolicy | undefined,
): readonly PolicyChange[] {
  const change = (file: string, what: 'added' | 'edited' | 'deleted'): readonly PolicyChange[] => {
    const policy = kindOf(file)
    return policy === undefined ? [] : [{ kind: policy, file, change: what, patch: cut(patch) }]
  }
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
