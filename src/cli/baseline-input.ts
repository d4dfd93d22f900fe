import { existsSync } from 'node:fs'
import { readRegularFile } from '../config/regular-file.ts'
import path from 'node:path'
import { configDefaults } from '../config/defaults.ts'
import type { Config } from '../config/schema.ts'
import type { Baseline, WrittenEntry } from '../core/baseline.ts'
import { ConfigError } from '../core/errors.ts'
import type { TargetCommit } from './target-config.ts'

/** A baseline, and a sentence for the report where it is not simply the one on disk. */
export interface FoundBaseline {
  readonly baseline?: Baseline
  readonly says?: string
}

/** The file of the baseline, relative to the project root. */
export function baselineFile(config: Config): string {
  return config.baseline ?? configDefaults.baseline
}

/**
 * The baseline on disk; none where there is no file of the usual name.
 * @throws {ConfigError} when it cannot be read, or the configuration names one that is not there
 */
export async function baselineOnDisk(
  root: string,
  config: Config,
  mayBeMissing = false,
): Promise<FoundBaseline> {
  const name = baselineFile(config)
  const bytes = await readRegularFile(path.resolve(root, name)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new ConfigError(`The baseline ${name} cannot be read (${cause.code ?? cause.message}).`, { cause })
  })
  if (bytes === undefined) {
    if (mayBeMissing || config.baseline === undefined) return {}
    throw new ConfigError(`The configuration names the baseline ${name}, which does not exist.`, {
      hint: '`pgrehearse baseline` writes it; an empty one begins as `{ version: 1, findings: [] }`.',
    })
  }
  const { parseBaseline } = await import('../config/baseline-file.ts')
  const entries = await parseBaseline(bytes, name)
  return { baseline: { file: name, entries: withGone(root, entries) } }
}

/**
 * The baseline of the target branch, of which the branch cannot accept more.
 * @throws {ConfigError} when it cannot be read
 */
export async function baselineOfTarget(
  target: TargetCommit,
  root: string,
  config: Config,
): Promise<FoundBaseline> {
  const name = baselineFile(config)
  const file = path.relative(target.top, path.resolve(root, name)).replaceAll(path.sep, '/')
  const { readTargetBaseline } = await import('./target-config.ts')
  const found = await readTargetBaseline(target, file, name)
  if (found === undefined) return {}
  const { isChanged, entries, ...rest } = found
  const baseline = { ...rest, entries: withGone(root, entries) }
  if (!isChanged) return { baseline }
  const says = `This branch changes the baseline ${name}, which holds once it is merged.`
  return { baseline, says }
}

function withGone(root: string, entries: readonly WrittenEntry[]): readonly WrittenEntry[] {
  return entries.map((entry) =>
    existsSync(path.resolve(root, entry.file)) ? entry : { ...entry, gone: true },
  )
}
