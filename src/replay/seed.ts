import { escapeIdentifier, type Client } from 'pg'
import { loadParser } from '../sql/parse.ts'
import { readSeedCatalog, type SeedCatalog, type SeedTable, type SeedType } from './seed-catalog.ts'
import { baseTypeOf } from './seed-conditions.ts'
import { planSeeds, type SeedPlan } from './seed-plan.ts'
import type { ChoiceContext } from './seed-choice.ts'
import { chooseRows, fillTable, fillTables, type ChosenRow, type FilledTable } from './seed-rows.ts'
import { chooseSlotValues, type RealRows } from './seed-slots.ts'
import { attempt, castable, isLostConnection, isServerError } from './seed-solve.ts'
import { isKnownType, maxRows, seedValues } from './seed-values.ts'
import { verifySeeds } from './seed-verify.ts'
import { openSeedWriter, type SeedWriter } from './seed-writer.ts'

export interface SeedOptions {
  /** Connects to the same database as the role that runs migrations; we end the client. */
  readonly connectMigrator: () => Promise<Client>
  readonly signal?: AbortSignal
  /** For one statement; a CHECK may call a function that never ends. Default 2 s. */
  readonly statementTimeoutMs?: number
  /** For everything; tables that are not reached by then stay empty. Default 30 s. */
  readonly timeoutMs?: number
}

export interface SeedReport {
  /** Tables that got rows of ours, by qualified name, and how many; sorted. */
  readonly seeded: readonly { readonly table: string; readonly rows: number }[]
  /** Tables and partitions that stayed empty; sorted. */
  readonly unseeded: readonly { readonly table: string; readonly why: string }[]
}

/**
 * Gives every empty table two rows, and every leaf of an empty partitioned table one, consistent with all
 * constraints and foreign keys: on empty tables the locks of foreign keys and triggers do not show.
 *
 * Tables with rows are left alone; children of such a parent refer to its real rows. Sequences do not move, no
 * trigger fires. Nothing is analysed: pg_class.reltuples stays -1 ("never vacuumed"), with which the planner
 * assumes ten pages, as it does for a table that is empty in the same way; ANALYZE would write "2 rows" and turn
 * every plan, and with it every scan that we measure, into a sequential one.
 *
 * All rows are written in one transaction by the migrating role (see {@link openSeedWriter}). Postgres' refusal of a
 * row is told in the report and never thrown; a broken connection leaves every table empty.
 * @param admin connected to the database; a superuser, or the report says what was out of reach
 */
export async function seedTables(admin: Client, options: SeedOptions): Promise<SeedReport> {
  await loadParser()
  options.signal?.throwIfAborted()
  const timeoutMs = options.statementTimeoutMs ?? 2000
  await using writer = await openSeedWriter(admin, options.connectMigrator, timeoutMs, {
    endsAt: performance.now() + (options.timeoutMs ?? defaultTimeoutMs),
    signal: options.signal,
  })
  const catalog = await readSeedCatalog(admin, writer.client)
  if (catalog.tables.length === 0) return { seeded: [], unseeded: [] }
  const seeding = new Seeding(writer, catalog, options)
  try {
    return await seeding.run()
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!isServerError(error) && !isLostConnection(error)) throw error
    const why = `seeding ended early (${error instanceof Error ? error.message : String(error)})`
    return { seeded: [], unseeded: catalog.tables.map(({ name }) => ({ table: name, why })) }
  }
}

const defaultTimeoutMs = 30_000

/** Tables whose rows are sent together. */
const batchSize = 25

class Seeding {
  private readonly writer: SeedWriter
  private readonly client: Client
  private readonly options: SeedOptions
  private readonly deadline: number
  private readonly unseeded: { table: string; why: string }[] = []
  private readonly rows = new Map<SeedTable, number>()
  private catalog: SeedCatalog

  constructor(writer: SeedWriter, catalog: SeedCatalog, options: SeedOptions) {
    this.writer = writer
    this.client = writer.client
    this.catalog = catalog
    this.options = options
    this.deadline = Date.now() + (options.timeoutMs ?? defaultTimeoutMs)
  }

  async run(): Promise<SeedReport> {
    await this.client.query('begin')
    this.catalog = { ...this.catalog, types: await this.probedTypes() }
    const occupied = await this.occupied()
    const empty = this.catalog.tables.filter((table) => !occupied.has(table.oid))
    const tables = empty.filter((table) => this.isSeedable(table))
    const plan = planSeeds(tables, occupied)
    const realRows = await this.realRows(plan)
    const values = await chooseSlotValues(this.client, this.catalog, plan, realRows)
    await this.writeRows({ catalog: this.catalog, plan, values }, tables, occupied)
    await this.verify()
    await this.client.query('commit')
    const seeded = [...this.rows].map(([table, rows]) => ({ table: table.name, rows }))
    return { seeded: seeded.toSorted(byTable), unseeded: this.unseeded.toSorted(byTable) }
  }

  /** Finds out by trying what the input functions of extensions' types take. */
  private async probedTypes(): Promise<ReadonlyMap<number, SeedType>> {
    const types = new Map(this.catalog.types)
    const used = this.catalog.tables.flatMap(({ columns }) =>
      columns.map(({ type }) => baseTypeOf(this.catalog, type)),
    )
    for (const type of new Set(used)) {
      if (type === undefined || isKnownType(type)) continue
      const texts = seedValues(types, type.oid, -1, { row: 1, slot: 0, key: false })
      types.set(type.oid, { ...type, formats: await castable(this.client, type.sql, texts) })
    }
    return types
  }

  /** Object ids of tables that have rows. ONLY: rows of an inheritance child are not the parent's. */
  private async occupied(): Promise<ReadonlySet<number>> {
    const { tables } = this.catalog
    const all = await attempt(
      this.client,
      `select array[${tables.map((table) => `exists (select from ${scope(table)})`).join(', ')}] as occupied`,
    )
    const flags = all?.[0]?.['occupied'] as readonly boolean[] | undefined
    if (flags !== undefined) return new Set(tables.filter((_, index) => flags[index]).map(({ oid }) => oid))
    const occupied = new Set<number>()
    for (const table of tables) {
      const found = await attempt(this.client, `select from ${scope(table)} limit 1`)
      if (found === undefined) this.skip(table.name, 'the migrating role may not read it')
      else if (found.length > 0) occupied.add(table.oid)
    }
    return occupied
  }

  private isSeedable({ name, targets, partitioned }: SeedTable): boolean {
    if (this.unseeded.some(({ table }) => table === name)) return false
    if (targets.length === 0)
      return this.skip(name, partitioned ? 'it has no partitions' : 'it cannot hold rows')
    if (targets.some(({ alwaysFires }) => alwaysFires)) {
      return this.skip(name, 'a trigger or rule of it fires ALWAYS or in REPLICA mode')
    }
    if (!this.writer.replica && targets.some(({ fires }) => fires)) {
      return this.skip(name, 'its triggers cannot be kept from firing without a superuser')
    }
    return true
  }

  private skip(table: string, why: string): false {
    this.unseeded.push({ table, why })
    return false
  }

  /** Rows of parents that history filled, for their children to refer to. */
  private async realRows(plan: SeedPlan): Promise<RealRows> {
    const rows = new Map<number, readonly ReadonlyMap<number, string>[]>()
    for (const [oid, numbers] of plan.pins) {
      const table = this.catalog.tables.find((one) => one.oid === oid)
      if (table === undefined) continue
      const columns = table.columns.filter(({ number }) => numbers.includes(number))
      const list = columns
        .map(({ name, number }) => `${escapeIdentifier(name)}::text as "${number}"`)
        .join(', ')
      const found = await attempt(this.client, `select ${list} from ${scope(table)} limit ${maxRows}`)
      if (found === undefined) continue
      rows.set(
        oid,
        found.map(
          (row) =>
            new Map(
              Object.entries(row).flatMap(([number, text]) =>
                text === null ? [] : [[Number(number), String(text)]],
              ),
            ),
        ),
      )
    }
    return rows
  }

  private async writeRows(
    context: ChoiceContext,
    tables: readonly SeedTable[],
    occupied: ReadonlySet<number>,
  ): Promise<void> {
    const reachable = tables.filter((table) => {
      const obstacle = this.obstacle(table, tables, occupied)
      return obstacle === undefined || this.skip(table.name, obstacle)
    })
    const chosen = await chooseRows(this.client, context, reachable)
    const waiting: SeedTable[] = []
    for (let at = 0; at < reachable.length; at += batchSize) {
      const batch = reachable.slice(at, at + batchSize)
      const rows = batch.flatMap((table) => chosen.get(table) ?? [])
      if (this.isInTime() && (await fillTables(this.client, rows))) {
        for (const table of batch) this.record(table, { rows: chosen.get(table)?.length ?? 0, refused: [] })
      } else waiting.push(...(await this.fillSeparately(batch, chosen)))
    }
    await this.fillRest(waiting, chosen)
  }

  /** Without replica mode a child waits for its parent: tables that only lacked a parent are tried again. */
  private async fillRest(
    tables: readonly SeedTable[],
    chosen: ReadonlyMap<SeedTable, readonly ChosenRow[]>,
  ): Promise<void> {
    let waiting = tables
    for (let before = Number.POSITIVE_INFINITY; waiting.length > 0 && waiting.length < before;) {
      before = waiting.length
      waiting = await this.fillSeparately(waiting, chosen)
    }
    for (const table of waiting) {
      this.skip(table.name, 'its foreign keys form a circle that only a superuser can fill')
    }
  }

  /** Returns the tables that lack a parent row. */
  private async fillSeparately(
    tables: readonly SeedTable[],
    chosen: ReadonlyMap<SeedTable, readonly ChosenRow[]>,
  ): Promise<readonly SeedTable[]> {
    const again: SeedTable[] = []
    for (const table of tables) {
      if (!this.isInTime()) {
        this.skip(table.name, 'the time for seeding was used up')
        continue
      }
      const filled = await fillTable(this.client, table, chosen.get(table) ?? [])
      const lacksParent = filled.rows === 0 && filled.refused.some(({ sqlstate }) => sqlstate === '23503')
      if (lacksParent) again.push(table)
      else this.record(table, filled)
    }
    return again
  }

  private isInTime(): boolean {
    this.options.signal?.throwIfAborted()
    return Date.now() <= this.deadline
  }

  private obstacle(
    table: SeedTable,
    tables: readonly SeedTable[],
    occupied: ReadonlySet<number>,
  ): string | undefined {
    const orphan = table.foreignKeys.find(
      ({ parent, columns }) =>
        !occupied.has(parent) &&
        !tables.some(({ oid }) => oid === parent) &&
        columns.every((number) => table.columns.some((column) => column.number === number && column.notNull)),
    )
    return orphan && `its foreign key ${orphan.name} needs a row of ${orphan.parentName}, which has none`
  }

  private record(table: SeedTable, { rows, refused }: FilledTable): void {
    if (rows > 0) this.rows.set(table, rows)
    else this.skip(table.name, refused[0]?.why ?? 'no row could be made')
    if (!table.partitioned || rows === 0) return
    for (const { target, why } of refused) this.skip(target.name, why)
    const [first, ...more] = table.targets.slice(maxRows)
    if (first === undefined) return
    const others = more.length === 0 ? '' : ` and ${more.length} more of ${table.name}`
    this.skip(`${first.name}${others}`, `only the first ${maxRows} partitions of a table are seeded`)
  }

  private async verify(): Promise<void> {
    for (const { table, why, deleted } of await verifySeeds(this.client, [...this.rows.keys()])) {
      const left = (this.rows.get(table) ?? 0) - deleted
      if (left > 0) this.rows.set(table, left)
      else {
        this.rows.delete(table)
        this.skip(table.name, why)
      }
    }
  }
}

function byTable(a: { readonly table: string }, b: { readonly table: string }): number {
  return a.table < b.table ? -1 : a.table > b.table ? 1 : 0
}

/** Partitioned tables have rows in their partitions only, others are asked for their own. */
function scope({ name, partitioned }: SeedTable): string {
  return partitioned ? name : `only ${name}`
}
