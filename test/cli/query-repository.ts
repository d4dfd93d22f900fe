import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Finding, QueryEffect, Report, ReportQuery } from '../../src/core/model.ts'
import { cleanEnv } from '../review/repository.ts'
import { run, type RunResult } from './run.ts'

const execute = promisify(execFile)

export type Files = Readonly<Record<string, string | Uint8Array>>

export interface JudgedBranch {
  readonly report: Report
  readonly result: RunResult
}

/**
 * What the command, with these arguments, says about a branch that adds and changes these files. The folder is gone
 * afterwards, so it can be used for many tests.
 */
export async function judgeBranch(
  main: Files,
  branch: Files,
  ...args: readonly string[]
): Promise<JudgedBranch> {
  const dir = await realpath(await mkdtemp(path.join(tmpdir(), 'pgrehearse-queries-')))
  try {
    const git = (...words: readonly string[]): Promise<unknown> =>
      execute('git', [...words], { cwd: dir, env: cleanEnv })
    await git('init', '--quiet', '--initial-branch=main')
    await write(dir, main)
    await git('add', '--all')
    await git('commit', '--quiet', '--message', 'main')
    await git('switch', '--quiet', '--create', 'feature')
    await write(dir, branch)
    const command = args.length === 0 ? ['check'] : args
    const result = await run([...command, '--format', 'json'], { cwd: dir })
    if (result.stdout === '') throw new Error(`No report: ${result.stderr}`)
    return { report: JSON.parse(result.stdout) as Report, result }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function write(dir: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dir, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}

/** The query of this name in the section "Your queries". */
export function queryNamed({ queries }: Report, name: string): ReportQuery {
  const found = (queries?.list ?? []).filter((query) => query.name === name)
  const [only] = found
  if (only === undefined || found.length > 1) {
    const names = (queries?.list ?? []).map((query) => query.name).join(', ')
    throw new Error(`${found.length} queries are called ${name}; there are ${names}`)
  }
  return only
}

/** The effects of one kind. */
export function effectsOf<K extends QueryEffect['kind']>(
  report: Report,
  name: string,
  kind: K,
): readonly Extract<QueryEffect, { kind: K }>[] {
  return queryNamed(report, name).effects.filter(
    (effect): effect is Extract<QueryEffect, { kind: K }> => effect.kind === kind,
  )
}

/** Names of the queries under the findings of one rule, or on whose line they are. */
export function queriesUnder({ findings }: Pick<Report, 'findings'>, ruleId: string): readonly string[] {
  const named = findings
    .filter((finding) => finding.ruleId === ruleId)
    .flatMap(({ query, queries = [] }) => [...(query === undefined ? [] : [query]), ...queries])
  return [...new Set(named.map(({ name }) => name))].toSorted()
}

/** Findings of one rule. */
export function findingsBy({ findings }: Pick<Report, 'findings'>, ruleId: string): readonly Finding[] {
  return findings.filter((finding) => finding.ruleId === ruleId)
}
