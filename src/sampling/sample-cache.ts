/**
 * Outcomes of sampling between runs: one file of JSON each, `<key>.samples`, beside the kept histories. What is wrong
 * with a file never fails a run: it is sampled anew.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { relationKey } from '../core/effects.ts'
import type { Migration, MigrationResult } from '../core/model.ts'
import { tableFacts, type HardwareRates, type Production } from '../core/production.ts'
import type {
  RehearsedAmounts,
  SampledStatement,
  SampledTable,
  SampleOutcome,
  StatementSample,
} from '../cost/samples.ts'
import { serverIdentity } from '../postgres/identity.ts'
import { historyKey, keyName } from '../replay/history-key.ts'
import type { SampleRequest } from './sample-run.ts'

/** Number of the layout below; other numbers are not read. */
const format = 3
/** Runs of a branch and of the one before it; they are small. */
const maxEntries = 6
/** An outcome of fewer seconds than there are now may lack what they would give. */
const enoughBudget = 0.75
const mostBytes = 4 * 1024 ** 2

/** What a file is about. Budgets are no part of the key, because what is left of one differs with every run. */
export interface SampleKey {
  readonly name: string
  readonly budgetMs: number
}

/**
 * Made of everything that could make something else of the same samples: versions, server, scripts, sessions, and what
 * is known of production's settings and of the tables that the review touches.
 * @throws EnvironmentError when no embedded server is installed
 */
export async function sampleKey(request: SampleRequest): Promise<SampleKey> {
  const { serverOptions, history, review, settings, roles, sharesSession, production, tool } = request
  const circumstances = {
    format,
    tool,
    server: await serverIdentity(serverOptions),
    settings,
    roles: roles.toSorted(),
    sharesSession,
    memory: production.settings,
    hardware: production.hardware !== undefined,
    tables: touchedFacts(request.results, production),
    history: historyKey({}, history).scripts,
  }
  return { name: keyName(historyKey(circumstances, review)), budgetMs: request.budgetMs }
}

/** Facts about the tables in the effects; rates say nothing of what work costs. */
function touchedFacts(results: readonly MigrationResult[], production: Production): unknown {
  const facts = new Map<string, unknown>()
  for (const { effects } of results.flatMap(({ statements }) => statements)) {
    for (const effect of effects) {
      if (!('relation' in effect)) continue
      const found = tableFacts(production, effect.relation)
      if (found !== undefined) facts.set(relationKey(effect.relation), { ...found, rates: null })
    }
  }
  return [...facts].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** The outcome that was kept for these migrations, if it can be used. */
export async function findOutcome(
  dir: string,
  { name, budgetMs }: SampleKey,
  review: readonly Migration[],
): Promise<SampleOutcome | undefined> {
  const file = join(dir, `${name}.samples`)
  try {
    if ((await stat(file)).size > mostBytes) return undefined
    const entry: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (!isRecord(entry) || entry['format'] !== format) return undefined
    if (typeof entry['budgetMs'] !== 'number' || entry['budgetMs'] < budgetMs * enoughBudget) return undefined
    const outcome = readOutcome(entry['outcome'], review)
    // the time of last use decides what goes first
    if (outcome !== undefined) await utimes(file, new Date(), new Date()).catch(() => undefined)
    return outcome
  } catch {
    return undefined
  }
}

/** Keeps an outcome. What cannot be written is not: the next run samples anew. */
export async function keepOutcome(
  dir: string,
  { name, budgetMs }: SampleKey,
  outcome: SampleOutcome,
): Promise<void> {
  const migrations = outcome.migrations.map((statements) =>
    // the statements themselves are the reader's own
    statements.map((one) => ({ ...one, statement: undefined })),
  )
  const text = `${JSON.stringify({ format, budgetMs, outcome: { ...outcome, migrations } })}\n`
  const unfinished = join(dir, `${name}.${randomBytes(6).toString('hex')}.unfinished`)
  try {
    const isNew = (await mkdir(dir, { recursive: true })) !== undefined
    // whoever adds all files to git must not add these: a committed cache is not used
    if (isNew) await writeFile(join(dir, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined)
    await writeFile(unfinished, text, { flag: 'wx' })
    await rename(unfinished, join(dir, `${name}.samples`))
    await removeOld(dir)
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined)
  }
}

async function removeOld(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => /^[0-9a-f]{32}\.samples$/.test(name))
  const entries = await Promise.all(
    names.map(async (name) => {
      const file = join(dir, name)
      return { file, usedMs: (await stat(file).catch(() => undefined))?.mtimeMs ?? 0 }
    }),
  )
  const old = entries.toSorted((a, b) => b.usedMs - a.usedMs).slice(maxEntries)
  for (const { file } of old) await rm(file, { force: true })
}

function readOutcome(value: unknown, review: readonly Migration[]): SampleOutcome | undefined {
  if (!isRecord(value)) return undefined
  const { migrations, tables, notes, scanMsPerByte: scans, hardware, server, spentMs } = value
  if (typeof server !== 'string' || !isCount(spentMs)) return undefined
  if (!isRecord(scans) || !isCount(scans['large memory']) || !isCount(scans['scaled'])) return undefined
  if (!isRecordOf(tables, isSampledTable) || !isRecordOf(notes, isTexts)) return undefined
  if (hardware !== undefined && !isRecordOf<number>(hardware, isCount)) return undefined
  const read = readMigrations(migrations, review)
  if (read === undefined) return undefined
  return {
    migrations: read,
    tables,
    notes,
    scanMsPerByte: { 'large memory': scans['large memory'], scaled: scans['scaled'] },
    ...(isHardware(hardware) ? { hardware } : {}),
    server,
    spentMs,
  }
}

function readMigrations(
  value: unknown,
  review: readonly Migration[],
): readonly (readonly SampledStatement[])[] | undefined {
  if (!Array.isArray(value) || value.length !== review.length) return undefined
  const migrations: (readonly SampledStatement[])[] = []
  for (const [index, migration] of review.entries()) {
    const list: unknown = value[index]
    if (!Array.isArray(list) || list.length !== migration.statements.length) return undefined
    const statements: SampledStatement[] = []
    for (const [position, statement] of migration.statements.entries()) {
      const one: unknown = list[position]
      if (!isRecord(one) || !isListOf(one['samples'], isSample)) return undefined
      const { samples, rehearsed, why, cutOff } = one
      if (why !== undefined && typeof why !== 'string') return undefined
      if (cutOff !== undefined && !isCutOff(cutOff)) return undefined
      if (rehearsed !== undefined && !isRehearsed(rehearsed)) return undefined
      statements.push({
        statement,
        samples,
        ...(rehearsed === undefined ? {} : { rehearsed }),
        ...(why === undefined ? {} : { why }),
        ...(cutOff === undefined ? {} : { cutOff }),
      })
    }
    migrations.push(statements)
  }
  return migrations
}

const counters = ['ms', 'walBytes', 'tempBytes', 'readBytes', 'writtenBytes', 'pagesTouched', 'newFileBytes']

function isSample(value: unknown): value is StatementSample {
  if (!isRecord(value) || !isRecordOf(value['rows'], isCount)) return false
  const { regime } = value
  const isCounted = value['matchedRows'] === undefined || isCount(value['matchedRows'])
  const isKnown = regime === 'large memory' || regime === 'scaled'
  return isKnown && isCounted && counters.every((name) => isCount(value[name]))
}

function isRehearsed(value: unknown): value is RehearsedAmounts {
  return isRecord(value) && isCount(value['ms']) && isCount(value['walBytes'])
}

function isCutOff(value: unknown): value is NonNullable<SampledStatement['cutOff']> {
  return isRecord(value) && isCount(value['rows']) && isCount(value['ms'])
}

function isSampledTable(value: unknown): value is SampledTable {
  return (
    isRecord(value) && ['rows', 'heapBytes', 'toastBytes', 'indexBytes'].every((name) => isCount(value[name]))
  )
}

function isHardware(value: unknown): value is HardwareRates {
  return (
    isRecord(value) &&
    ['sortMicrosPerRow', 'scanBytesPerSecond', 'walBytesPerSecond'].every((name) => isCount(value[name]))
  )
}

function isTexts(value: unknown): value is readonly string[] {
  return isListOf(value, (one): one is string => typeof one === 'string')
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isListOf<T>(value: unknown, isOne: (one: unknown) => one is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne)
}

function isRecordOf<T>(
  value: unknown,
  isOne: (one: unknown) => one is T,
): value is Readonly<Record<string, T>> {
  return isRecord(value) && Object.values(value).every(isOne)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
