import type { Statement } from '../core/model.ts'
import type { SampleOutcome } from '../cost/samples.ts'
import type { ConfigurableServer } from '../postgres/provider.ts'
import { discardsStatements, setsSessionDefaults } from '../replay/commands.ts'
import { copyBase, prepareBase } from '../replay/prepare-history.ts'
import { namedRoles } from '../replay/roles.ts'
import type { SessionOptions } from '../replay/session.ts'
import { connected } from '../replay/stage.ts'
import { standIn } from '../replay/stand-in.ts'
import { addComingConstraints, type Removal } from './coming-constraints.ts'
import { fillDatabase, type Fill, type FilledDatabase } from './filled-database.ts'
import { measureHardware } from './hardware.ts'
import { migratorSession } from './migrator-session.ts'
import { leastSortMemoryBytes, proportionOf } from './proportion.ts'
import { readSampleCatalog } from './sample-catalog.ts'
import { whatWalksGive, type Pass, type Regime } from './sample-outcome.ts'
import type { SampleRequest } from './sample-run.ts'
import {
  defaultMostRows,
  firstSize,
  fewerRows,
  fitsAgain,
  fitsInProportion,
  mostDrivingRows,
  secondSize,
  sizeBetween,
  type SizeCost,
} from './sample-sizes.ts'
import {
  rowsOf,
  sampledWorks,
  sampleTables,
  type SampleSize,
  type SampleTable,
  type SampledWork,
} from './sample-tables.ts'
import { walk, type WalkedStatement, type WalkRequest } from './sample-walk.ts'
import { productionMemory, samplingSettings, scaleMemory } from './sampling-settings.ts'
import { scanMsPerByte } from './scan-speed.ts'

interface FilledSize extends SizeCost {
  readonly filled: FilledDatabase
}

/** Samples one run on a server that was started with production's memory. */
export class Sampling {
  private readonly request: SampleRequest
  private readonly server: ConfigurableServer
  private readonly fill: Fill
  private readonly begun: number
  private readonly endsAt: number
  private readonly sessionOptions: SessionOptions
  private readonly passes: Pass[] = []
  private readonly scans: Partial<Record<Regime, number>> = {}
  private works: readonly (readonly SampledWork[])[] = []
  private tables: readonly SampleTable[] = []
  private removal: Removal = []

  constructor(request: SampleRequest, server: ConfigurableServer, fill: Fill, begun: number) {
    this.request = request
    this.server = server
    this.fill = fill
    this.begun = begun
    this.endsAt = begun + request.budgetMs - endMs
    const texts = [...request.history, ...request.review].map(({ text }) => text)
    this.sessionOptions = {
      statementTimeoutMs: request.statementTimeoutMs,
      signal: request.signal,
      scriptsDiscard: discardsStatements(texts),
      scriptsSetDefaults: setsSessionDefaults(texts),
    }
  }

  async run(): Promise<SampleOutcome> {
    const { request, server } = this
    const history = await this.history()
    if (history === undefined) return this.outcome('the history took all the time for sampling')
    await server.ensureRoles(namedRoles([...request.history, ...request.review]))
    // rows are made for the schema with the constraints that the review adds
    const base = await copyBase({ server, settings: this.settings }, history)
    this.removal = await addComingConstraints({ server, signal: request.signal }, base, request.results)
    await this.chooseTables(base)
    const first = firstSize(this.tables, this.mostRows, this.leftMs)
    // without a table that grows there is nothing to learn from rows
    if (first === undefined || mostDrivingRows(this.tables) === 0) return this.outcome()
    const hardware = await this.hardware()
    await this.sizes(base, first)
    return { ...this.outcome(), ...(hardware === undefined ? {} : { hardware }) }
  }

  /** The database with the history; undefined when it is not there in time. */
  private async history(): Promise<string | undefined> {
    const { request, server, sessionOptions } = this
    const deadline = AbortSignal.timeout(Math.max(0, Math.floor(this.leftMs)))
    const signal = AbortSignal.any([request.signal, deadline])
    const context = {
      ...request,
      server,
      signal,
      sessionOptions: { ...sessionOptions, signal },
      prepare: (statement: Statement) => standIn(server, statement, false),
    }
    try {
      return (await prepareBase(context, request.kept)).base
    } catch (error) {
      if (deadline.aborted && !request.signal.aborted) return undefined
      throw error
    }
  }

  /** Without the runner's timeouts: what production cancels is to be counted all the same. */
  private get settings(): Readonly<Record<string, string>> {
    const { lock_timeout: _lock, statement_timeout: _statement, ...rest } = this.request.settings
    return rest
  }

  private get mostRows(): number {
    return this.request.mostRows ?? defaultMostRows
  }

  private get leftMs(): number {
    return this.endsAt - performance.now()
  }

  private async chooseTables(base: string): Promise<void> {
    await using admin = await connected(this.server, base)
    const catalog = await readSampleCatalog(admin.client)
    const { results, production } = this.request
    this.works = sampledWorks(results, production, catalog)
    this.tables = sampleTables(results, this.works, production, catalog)
  }

  /** Worth its time only where production's is known. */
  private async hardware(): Promise<SampleOutcome['hardware']> {
    const { production, signal } = this.request
    if (production.hardware === undefined || this.leftMs < 2000) return undefined
    await using admin = await connected(this.server)
    return await measureHardware(admin.client, { quick: true, signal })
  }

  private async sizes(base: string, size: SampleSize): Promise<void> {
    const first = await this.onSize(base, size)
    const next = secondSize(this.tables, first, this.mostRows, this.leftMs)
    const second = next && (await this.onSize(base, next))
    await this.again(second ?? first)
    const isWhole = mostDrivingRows(this.tables) <= size.rows
    if (isWhole) return
    const last = await this.filledForProportion(base, first, second)
    this.note(`in proportion: ${last?.size.rows ?? 'no time for it'}`)
    if (last !== undefined) await this.inProportion(last)
  }

  /** Of two runs the shorter one was disturbed less. */
  private async again(cost: FilledSize): Promise<void> {
    if (!fitsAgain(cost, this.leftMs)) return
    const database = await copyBase({ server: this.server, settings: this.settings }, cost.filled.name)
    await this.pass('large memory', cost.filled, database)
  }

  private async filledForProportion(
    base: string,
    first: FilledSize,
    second: FilledSize | undefined,
  ): Promise<FilledDatabase | undefined> {
    if (second !== undefined && fitsInProportion(second, this.leftMs)) return second.filled
    const between = second && sizeBetween(first, second, this.leftMs)
    if (between !== undefined) return this.filled(base, between, this.leftMs / 2)
    return fitsInProportion(first, this.leftMs) ? first.filled : undefined
  }

  /** Fills tables, and runs the review on a copy with settings as in production. */
  private async onSize(base: string, size: SampleSize): Promise<FilledSize> {
    const filled = await this.filled(base, size, this.leftMs / 2)
    const fewer = this.passes.length > 0 && this.lacksRows(filled) ? fewerRows(size, this.leftMs) : undefined
    // the machine became slower since the first size: a smaller one is better than none
    if (fewer !== undefined) return this.onSize(base, fewer)
    const begun = performance.now()
    const database = await copyBase({ server: this.server, settings: this.settings }, filled.name)
    const copied = performance.now()
    const statements = await this.pass('large memory', filled, database)
    const walkMs = performance.now() - copied
    const statementsMs = this.walkedMs(statements, () => 1)
    return {
      size,
      filled,
      fillMs: filled.fillMs,
      copyMs: copied - begun,
      statementsMs,
      fixedMs: Math.max(0, walkMs - statementsMs),
      statementsMsAt: (other) => this.walkedMs(statements, (keys) => this.timesLarger(keys, size, other)),
    }
  }

  /** Did a table stay empty that decides what something costs? */
  private lacksRows({ rows }: FilledDatabase): boolean {
    return this.tables.some(
      ({ table, isDriving, facts }) => isDriving && (facts?.rows ?? 0) > 0 && (rows[table.key] ?? 0) === 0,
    )
  }

  /** Of a walk; `times` says how much longer a statement takes that works on these tables. */
  private walkedMs(
    statements: readonly (readonly WalkedStatement[])[],
    times: (driving: readonly string[]) => number,
  ): number {
    const each = statements.flatMap((walked, migration) =>
      walked.map((one, index) =>
        'counts' in one ? one.wallMs * times(this.works[migration]?.[index]?.driving ?? []) : 0,
      ),
    )
    return each.reduce((sum, ms) => sum + ms, 0)
  }

  private timesLarger(keys: readonly string[], size: SampleSize, other: SampleSize): number {
    const tables = this.tables.filter(({ table }) => keys.includes(table.key))
    return Math.max(1, ...tables.map((one) => rowsOf(one, other) / Math.max(1, rowsOf(one, size))))
  }

  private async filled(base: string, size: SampleSize, withinMs: number): Promise<FilledDatabase> {
    const { request, server, fill } = this
    request.progress(`Filling tables with up to ${size.rows} rows`)
    const place = {
      server,
      base,
      settings: this.settings,
      signal: request.signal,
      fill,
      removal: this.removal,
    }
    const filled = await fillDatabase(place, this.tables, size, performance.now() + withinMs)
    this.note(`filled ${JSON.stringify(filled.rows)} in ${Math.round(filled.fillMs)} ms`)
    return filled
  }

  /** Runs the review in a database that is filled like this one; it is dropped afterwards. */
  private async pass(
    regime: Regime,
    filled: FilledDatabase,
    database: string,
    settingsOf?: WalkRequest['settingsOf'],
  ): Promise<Pass['statements']> {
    const { server, request, endsAt } = this
    request.progress(`Sampling with ${filled.size.rows} rows`)
    const begun = performance.now()
    await this.measureScan(regime, database, filled)
    const statements = await walk({
      server,
      database,
      review: request.review,
      sharesSession: request.sharesSession,
      grows: (migration, statement) => this.works[migration]?.[statement]?.work.growth !== 'metadata only',
      tables: this.tables.map(({ table }) => table.oid),
      endsAt,
      limitMs: (migration, statement) => this.limitMs(migration, statement, filled.size),
      again: this.passes.length > 0,
      ...(settingsOf === undefined ? {} : { settingsOf }),
      sessionOptions: this.sessionOptions,
    })
    this.passes.push({ regime, filled, statements })
    await server.dropDatabase(database)
    this.note(`${regime}, ${filled.size.rows} rows: ${Math.round(performance.now() - begun)} ms`)
    return statements
  }

  /**
   * Of the first walk a share of the time; then what earlier walks let expect, with room for what grows faster. Zero
   * for what took too long already with so many rows.
   */
  private limitMs(migration: number, statement: number, size: SampleSize): number {
    const earlier = this.passes.flatMap((pass) => {
      const one = pass.statements[migration]?.[statement]
      return one === undefined ? [] : { one, rows: pass.filled.size.rows }
    })
    if (earlier.some(({ one, rows }) => 'why' in one && one.cutOff === true && rows <= size.rows)) return 0
    const last = earlier.findLast(({ one }) => 'counts' in one)
    if (last === undefined) return this.leftMs / 3
    return leastLimitMs + mostTimesLonger * last.one.wallMs * Math.max(1, size.rows / last.rows)
  }

  /**
   * Memory and max_wal_size in the proportion of the sample to production: of the largest table for the server, whose
   * buffers cannot change while it runs, and of its own tables for what each statement can be given.
   */
  private async inProportion(filled: FilledDatabase): Promise<void> {
    const { server, request } = this
    const factor = proportionOf(
      this.tables.filter(({ isDriving }) => isDriving),
      filled,
    )
    if (factor === undefined || factor >= 1) return
    request.signal.throwIfAborted()
    const memory = productionMemory(request.production.settings)
    await server.reconfigure(samplingSettings(scaleMemory(memory, factor), server.major))
    await this.pass('scaled', filled, filled.name, (migration, statement) => {
      const keys = this.works[migration]?.[statement]?.driving ?? []
      const tables = this.tables.filter(({ table }) => keys.includes(table.key))
      const scaled = scaleMemory(memory, Math.min(1, proportionOf(tables, filled) ?? factor))
      const forSorts = Math.min(leastSortMemoryBytes(tables, filled), memory.maintenanceWorkMemBytes)
      const maintenanceWorkMemBytes = Math.max(scaled.maintenanceWorkMemBytes, forSorts)
      return samplingSettings({ ...scaled, maintenanceWorkMemBytes }, server.major)
    })
  }

  private async measureScan(regime: Regime, database: string, filled: FilledDatabase): Promise<void> {
    const [largest] = this.tables
      .filter(({ table }) => (filled.tables[table.key]?.heapBytes ?? 0) > 0)
      .toSorted((a, b) => heapOf(filled, b) - heapOf(filled, a))
    if (largest === undefined || this.leftMs < 1000) return
    const lateness = { endsAt: this.endsAt, signal: this.request.signal }
    await using migrator = await migratorSession(this.server, database, lateness)
    const measured = await scanMsPerByte(migrator.client, largest.table, heapOf(filled, largest))
    if (measured !== undefined) this.scans[regime] = measured
  }

  private outcome(why?: string): SampleOutcome {
    const { review, results, production } = this.request
    const large = this.scans['large memory'] ?? 0
    return {
      ...whatWalksGive({
        review,
        results,
        production,
        works: this.works,
        passes: this.passes,
        ...(why === undefined ? {} : { why }),
      }),
      scanMsPerByte: { 'large memory': large, scaled: this.scans.scaled ?? large },
      server: this.server.version,
      spentMs: performance.now() - this.begun,
    }
  }

  private note(message: string): void {
    this.request.debug?.(`samples: ${message}`)
  }
}

/** A statement that takes longer than expected is let run so long, and so many times as long. */
const leastLimitMs = 1500
const mostTimesLonger = 5

/** What stopping the server and removing its folder takes. */
const endMs = 300

function heapOf(filled: FilledDatabase, { table }: SampleTable): number {
  return filled.tables[table.key]?.heapBytes ?? 0
}
