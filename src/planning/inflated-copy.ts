import type { Client } from 'pg'
import type { Production } from '../core/production.ts'
import type { PlanStatistics, Query } from '../core/query-model.ts'
import { connected } from '../replay/stage.ts'
import { inTime, runOne } from './in-time.ts'
import { Explainer } from './explainer.ts'
import { withExpressions } from './expression-statistics.ts'
import { raiseTree } from './inflate.ts'
import { indexSignature } from './index-signature.ts'
import { statisticsOf } from './known-tables.ts'
import { partialRows, uncountedIndexes } from './partial-indexes.ts'
import { plannedTables } from './planned-tables.ts'
import type { ParameterChoice, Plan, PlanError } from './plan.ts'
import type { PlannedTable, PlanningCopy, Side, TrialIndex } from './planning-copy.ts'
import type { PlanningServer } from './planning-server.ts'
import type { IndexNames } from './plan-shape.ts'
import { plannerSettings } from './planner-settings.ts'
import { readSideCatalog, type CatalogIndex, type SideCatalog } from './side-catalog.ts'
import { estimatedIndex, indexOfPages, type IndexFigures } from './side-facts.ts'
import { writeSizes, writeStatistics } from './write-statistics.ts'

export interface CopyRequest {
  readonly production: Production
  readonly searchPath?: readonly string[]
  readonly signal: AbortSignal
  /** On performance.now(). */
  readonly endsAt: number
}

const pageBytes = 8192

/** Building an index on a table without rows takes milliseconds, whatever its size seems to be. */
const buildMs = 5000

/** The two databases of a planning server, as everybody asks them. */
export class InflatedCopy implements PlanningCopy, AsyncDisposable {
  readonly statistics: PlanStatistics
  readonly signal: AbortSignal
  /** Names of settings that this server does not take as production has them. */
  readonly refusedSettings = new Set<string>()
  readonly #planning: PlanningServer
  readonly #endsAt: number
  readonly #explainers: Readonly<Record<Side, Explainer>>
  #tables: Readonly<Record<Side, readonly PlannedTable[]>>
  readonly #known = new Map<string, Promise<Plan | PlanError>>()
  /** Signatures of indexes that are being tried out. */
  readonly #trial = new Map<string, string>()
  #isTrying = false

  /** Counts the rows of new partial indexes first. */
  static async open(planning: PlanningServer, request: CopyRequest): Promise<InflatedCopy> {
    const copy = new InflatedCopy(planning, request)
    for (const side of ['before', 'after'] as const) await copy.#countPartial(side)
    copy.#tables = tablesOf(planning)
    return copy
  }

  /** Everybody but tests wants {@link open}. */
  constructor(planning: PlanningServer, { production, searchPath, signal, endsAt }: CopyRequest) {
    this.#planning = planning
    this.statistics = statisticsOf(production)
    this.signal = signal
    this.#endsAt = endsAt
    const settings = plannerSettings(production.planner?.settings ?? {})
    const explainer = (side: Side): Explainer =>
      new Explainer(planning.server, planning.sides[side].database, {
        settings,
        ...(searchPath === undefined ? {} : { searchPath }),
        signal,
        endsAt,
        refused: (name) => this.refusedSettings.add(name),
        indexes: this.indexNames(side),
      })
    this.#explainers = { before: explainer('before'), after: explainer('after') }
    this.#tables = tablesOf(planning)
  }

  async #countPartial(which: Side): Promise<void> {
    const { catalog, figures, database } = this.#planning.sides[which]
    const indexes = uncountedIndexes({ catalog, figures })
    if (indexes.length === 0) return
    await using admin = await connected(this.#planning.server, database)
    for (const [oid, sized] of await this.#inflate(admin.client, which, catalog, indexes)) {
      const { columns = new Map() } = figures.indexes.get(oid) ?? {}
      figures.indexes.set(oid, { ...sized, columns })
    }
  }

  get leftMs(): number {
    return Math.max(0, this.#endsAt - performance.now())
  }

  tables(side: Side): readonly PlannedTable[] {
    return this.#tables[side]
  }

  explain(query: Query, side: Side, parameters?: ParameterChoice): Promise<Plan | PlanError> {
    if (this.#isTrying && side === 'after') return this.#explainers.after.explain(query, parameters)
    const key = JSON.stringify([side, query.sql, [...(parameters?.literals ?? [])]])
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const answer = this.#explainers[side].explain(query, parameters)
    this.#known.set(key, answer)
    return answer
  }

  /** An index that is on both sides goes by what it was before, so that a renamed column is no other index. */
  indexNames(side: Side): IndexNames {
    const { before, after } = this.#planning.sides
    const { catalog } = side === 'before' ? before : after
    const names = new Map(
      [...catalog.indexes.values()].map((index) => {
        const same = side === 'after' ? before.catalog.indexes.get(index.oid) : undefined
        return [`${index.schema}.${index.name}`, indexSignature(same ?? index)]
      }),
    )
    return (schema, name) => names.get(`${schema}.${name}`) ?? this.#trial.get(`${schema}.${name}`)
  }

  async withIndex<T>(sql: string, work: (index: TrialIndex) => Promise<T>): Promise<T | PlanError> {
    if (this.#isTrying) throw new Error('indexes are tried out one after the other')
    if (this.leftMs === 0) return { error: 'the time for planning was over' }
    const side = this.#planning.sides.after
    this.#isTrying = true
    try {
      await using admin = await connected(this.#planning.server, side.database)
      const existing = new Set(side.catalog.indexes.keys())
      const created = await this.#create(admin.client, sql)
      if (created !== undefined) return created
      const catalog = await readSideCatalog(admin.client)
      const fresh = [...catalog.indexes.values()].filter(({ oid }) => !existing.has(oid))
      try {
        return await work(await this.#trialIndex(admin.client, catalog, fresh))
      } finally {
        await this.#drop(fresh)
      }
    } finally {
      this.#trial.clear()
      this.#isTrying = false
    }
  }

  /** On tables whose files have no length, because building reads them from end to end. */
  async #create(admin: Client, sql: string): Promise<PlanError | undefined> {
    const { server, sides } = this.#planning
    const heaps = this.#heaps()
    server.files.resize(heaps.map(({ path }) => ({ path, pages: 0 })))
    try {
      await this.#asMigrator(sql)
      return undefined
    } catch (error) {
      const { message, code } = error as { message?: string; code?: string }
      return { error: message ?? String(error), ...(code === undefined ? {} : { sqlstate: code }) }
    } finally {
      server.files.resize(heaps)
      // before 18 building an index counts the table's rows
      await writeSizes(admin, sides.after)
    }
  }

  #heaps(): readonly { readonly path: string; readonly pages: number }[] {
    const { catalog, figures } = this.#planning.sides.after
    return [...figures.tables].flatMap(([oid, { pages }]) => {
      const path = catalog.tables.get(oid)?.path
      return typeof path === 'string' ? [{ path, pages }] : []
    })
  }

  async #trialIndex(
    admin: Client,
    catalog: SideCatalog,
    fresh: readonly CatalogIndex[],
  ): Promise<TrialIndex> {
    for (const index of fresh) this.#trial.set(`${index.schema}.${index.name}`, indexSignature(index))
    const sized = await this.#inflate(admin, 'after', catalog, fresh)
    const { figures } = this.#planning.sides.after
    const indexes = new Map(
      fresh.flatMap((index) => {
        const [own, table] = [sized.get(index.oid), figures.tables.get(index.table)]
        return own === undefined || table === undefined
          ? []
          : [[index.oid, withExpressions(catalog, index, own, table)] as const]
      }),
    )
    await writeStatistics(admin, { catalog, figures: { tables: new Map(), indexes } }, false)
    const root = fresh.find(({ isPartitioned }) => isPartitioned) ?? fresh[0]
    const pages = [...sized.values()].reduce((sum, one) => sum + one.pages, 0)
    return { signature: root === undefined ? '' : indexSignature(root), bytes: pages * pageBytes }
  }

  /** Gives indexes their size and height; nobody may have read them yet. */
  async #inflate(
    admin: Client,
    which: Side,
    catalog: SideCatalog,
    indexes: readonly CatalogIndex[],
  ): Promise<ReadonlyMap<number, IndexFigures>> {
    const { server, sides } = this.#planning
    const { figures } = sides[which]
    const partial = indexes.filter(({ predicate, isPartitioned }) => predicate !== null && !isPartitioned)
    const rows = await partialRows(admin, { catalog }, partial, this.#explainers[which])
    const sized = new Map<number, IndexFigures>()
    for (const index of indexes) {
      const table = figures.tables.get(index.table)
      if (table === undefined) continue
      const size = estimatedIndex(catalog, index, table, rows.get(index.oid))
      const one = indexOfPages(catalog, index, table, { ...size, columns: new Map(), isEstimated: true })
      sized.set(index.oid, one)
      if (index.path === null) continue
      raiseTree(server.files, index.path, one)
      server.files.resize([{ path: index.path, pages: one.pages }])
    }
    await writeSizes(admin, { figures: { tables: new Map(), indexes: sized } })
    return sized
  }

  async #drop(fresh: readonly CatalogIndex[]): Promise<void> {
    // the index of a partition goes with that of its parent
    const partitioned = fresh.filter(({ isPartitioned }) => isPartitioned)
    const names = (partitioned.length > 0 ? partitioned.slice(0, 1) : fresh).map(({ schema, name }) =>
      [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.'),
    )
    for (const name of names) await this.#asMigrator(`drop index ${name}`)
  }

  async #asMigrator(sql: string): Promise<void> {
    const { server, sides } = this.#planning
    const client = await server.connectMigrator(sides.after.database)
    try {
      await inTime(server, client, { ms: buildMs, signal: this.signal }, () => runOne(client, sql))
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#explainers.before[Symbol.asyncDispose]()
    await this.#explainers.after[Symbol.asyncDispose]()
  }
}

function tablesOf({ sides }: PlanningServer): Readonly<Record<Side, readonly PlannedTable[]>> {
  return { before: plannedTables(sides.before), after: plannedTables(sides.after) }
}
