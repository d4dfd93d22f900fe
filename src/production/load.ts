import { realpath } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../config/schema.ts'
import type { Limit } from '../core/model.ts'
import type { Production, ProductionSource, ReplicationFacts } from '../core/production.ts'
import type { Snapshot } from '../snapshot/format.ts'
import type { FileFacts } from './facts.ts'
import { withConfiguredTables } from './from-configuration.ts'
import { decodeFacts, readFactsFile } from './read-file.ts'

export interface ProductionRequest {
  /** The project root, absolute. */
  readonly root: string
  readonly config: Pick<Config, 'snapshot' | 'tables' | 'production'>
  /** In the place of the configuration's `snapshot`; absolute. */
  readonly snapshotFile?: string
  /** What the configuration's `snapshot` holds, where that is not to be read from disk. */
  readonly snapshotBytes?: Uint8Array
  /** What a clone of production told, where no file is given. */
  readonly clone?: Snapshot
  readonly now: Date
}

export interface LoadedProduction {
  /** Undefined when neither a file nor tables are given. */
  readonly production: Production | undefined
  /** Which Postgres it runs, e.g. `16.3`; absent where nobody says. */
  readonly serverVersion?: string
  /** What is wrong with the facts without making them useless. */
  readonly limits: readonly Limit[]
}

/**
 * Everything that is known of production. Sizes of the configuration win over those of the file.
 * @throws {ConfigError} when the file is missing, broken, too large or outside of the project
 */
export async function loadProduction(request: ProductionRequest): Promise<LoadedProduction> {
  const { root, config, now } = request
  const file = request.snapshotFile ?? config.snapshot
  const configured = config.tables !== undefined && Object.keys(config.tables).length > 0
  if (file === undefined && !configured && request.clone === undefined) {
    const { version } = config.production ?? {}
    return { production: undefined, limits: [], ...(version === undefined ? {} : { serverVersion: version }) }
  }
  const name = file === undefined ? 'a clone of production' : await shownName(file, root)
  const facts = file === undefined ? await factsWithoutFile(request) : await readFacts(file, request, name)
  const source = facts === undefined ? [] : [sourceOf(facts, name)]
  const production: Production = {
    sources: [...source, ...(configured ? [configurationSource] : [])],
    tables: withConfiguredTables(facts?.tables ?? [], config.tables),
    ...circumstances(facts, config.production),
  }
  const { serverVersion } = production
  return {
    production,
    ...(serverVersion === undefined ? {} : { serverVersion }),
    limits: [...(facts?.limits ?? []), ...ageLimits(facts, name, now)],
  }
}

const configurationSource: ProductionSource = { kind: 'configuration', name: 'configuration' }

/** The file itself, not a link to it: a review tells which change of a file changes sizes. */
async function shownName(file: string, root: string): Promise<string> {
  const given = path.resolve(root, file)
  const [real, realRoot] = await Promise.all([given, root].map((one) => realpath(one).catch(() => undefined)))
  const below =
    real === undefined || realRoot === undefined ? path.relative(root, given) : path.relative(realRoot, real)
  const isInside = below !== '' && !below.startsWith('..') && !path.isAbsolute(below)
  return (isInside ? below : file).replaceAll(path.sep, '/')
}

async function factsWithoutFile({ clone }: ProductionRequest): Promise<FileFacts | undefined> {
  if (clone === undefined) return undefined
  const { factsOfClone } = await import('./from-clone.ts')
  return factsOfClone(clone)
}

async function readFacts(
  file: string,
  { root, snapshotFile, snapshotBytes }: ProductionRequest,
  name: string,
): Promise<FileFacts> {
  const isGiven = snapshotFile === undefined && snapshotBytes !== undefined
  const text = isGiven ? decodeFacts(snapshotBytes, name) : await readFactsFile(file, root, name)
  if (/^\u{feff}?\s*\{/u.test(text)) {
    const { factsOfSnapshot } = await import('./from-snapshot.ts')
    return factsOfSnapshot(text, name)
  }
  const { factsOfStatisticsDump } = await import('./from-statistics-dump.ts')
  return factsOfStatisticsDump(text, name)
}

function sourceOf({ kind, takenAt }: FileFacts, name: string): ProductionSource {
  return { kind, name, ...(takenAt === undefined ? {} : { takenAt }) }
}

function circumstances(
  facts: FileFacts | undefined,
  { hardware, replicaApplyRate, maxConnections, version }: NonNullable<Config['production']> = {},
): Pick<Production, 'settings' | 'replication' | 'hardware' | 'serverVersion' | 'planner'> {
  const replication = withApplyRate(facts?.replication, replicaApplyRate)
  const serverVersion = version ?? facts?.serverVersion
  return {
    settings: { ...facts?.settings, ...(maxConnections === undefined ? {} : { maxConnections }) },
    ...(replication === undefined ? {} : { replication }),
    ...(hardware === undefined ? {} : { hardware }),
    ...(serverVersion === undefined ? {} : { serverVersion }),
    ...(facts?.statements === undefined ? {} : { statements: facts.statements }),
    ...(facts?.planner === undefined ? {} : { planner: facts.planner }),
  }
}

function withApplyRate(
  replication: ReplicationFacts | undefined,
  rate: number | undefined,
): ReplicationFacts | undefined {
  if (rate === undefined) return replication
  // whoever gives a rate has a standby, even if the snapshot's role could not see it
  const standbys = Math.max(replication?.standbys ?? 0, 1)
  return { slots: replication?.slots ?? 0, standbys, applyBytesPerSecond: rate }
}

const dayMs = 24 * 60 * 60 * 1000

/** Clocks of two machines are not the same. */
const toleratedDays = 1

/**
 * Whole days since a time in ISO 8601; undefined when it is none, or more than a day in the future.
 */
export function ageDays(takenAt: string, now: Date): number | undefined {
  const days = (now.getTime() - Date.parse(takenAt)) / dayMs
  return Number.isNaN(days) || days < -toleratedDays ? undefined : Math.max(Math.floor(days), 0)
}

function ageLimits(facts: FileFacts | undefined, name: string, now: Date): readonly Limit[] {
  if (facts?.takenAt === undefined || ageDays(facts.takenAt, now) !== undefined) return []
  return [
    {
      code: 'snapshot-age',
      message: `The age of ${name} is not known: it says that it was taken at ${facts.takenAt}, which is in the future.`,
      hint: 'Look at the clocks of the machine that took it and of this one, or take it again.',
    },
  ]
}
