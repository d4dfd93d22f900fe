import { check } from '../../src/check.ts'
import type { CheckOptions } from '../../src/check-options.ts'
import type { Finding, Report } from '../../src/core/model.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { applySuggestion } from '../../src/suggest/lines.ts'
import { cleanEnv, repositoryWith, type Workspace } from '../review/repository.ts'

/** A repository on a branch: `history` is on main, `added` is not committed yet. */
export async function branchWith(
  history: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>>,
): Promise<Workspace> {
  const workspace = await repositoryWith(history)
  await workspace.git('checkout', '--quiet', '-b', 'feature')
  await workspace.write(added)
  return workspace
}

export interface Checked {
  readonly report: Report
  /** What `--debug` would print about suggestions. */
  readonly debug: readonly string[]
  readonly progress: readonly string[]
}

/** What `check --suggestions` comes to, without hurry. */
export async function checked(workspace: Workspace, options: Partial<CheckOptions> = {}): Promise<Checked> {
  await loadParser()
  const debug: string[] = []
  const progress: string[] = []
  const report = await check({
    cwd: workspace.path,
    paths: [],
    all: false,
    replay: true,
    failOn: 'error',
    requireRehearsal: false,
    sharedServer: false,
    superuser: false,
    // an environment of its own decides by itself
    ...(options.env === undefined ? { suggestions: true } : {}),
    suggestionsLimitMs: 100_000,
    config: {},
    env: cleanEnv,
    signal: new AbortController().signal,
    progress: (message) => progress.push(message),
    debug: (message) => debug.push(message),
    now: new Date('2026-01-01T00:00:00Z'),
    ...options,
  })
  return { report, debug, progress }
}

/** `rule: first line of the replacement` of every suggestion. */
export function suggested({ findings }: Report): readonly string[] {
  return findings.flatMap(({ ruleId, suggestion }) =>
    suggestion === undefined ? [] : [`${ruleId}: ${suggestion.lines.join('\n')}`],
  )
}

/** Writes the files with their suggestions in them, from the last line to the first. */
export async function acceptSuggestions(
  workspace: Workspace,
  { findings }: Report,
  texts: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const changed = { ...texts }
  const bottomUp = findings.toSorted((a, b) => lineOf(b) - lineOf(a))
  for (const { span, suggestion } of bottomUp) {
    const text = changed[span.file]
    if (suggestion !== undefined && text !== undefined) changed[span.file] = applySuggestion(text, suggestion)
  }
  await workspace.write(changed)
  return changed
}

function lineOf({ suggestion }: Finding): number {
  return suggestion?.startLine ?? 0
}
