import { relationKey } from '../core/effects.ts'
import { performance } from 'node:perf_hooks'
import type { Client } from 'pg'
import { openSeedWriter } from '../replay/seed-writer.ts'
import { loadParser } from '../sql/parse.ts'
import { readFillCatalog, type FillableTable, type FillCatalog } from './fill-catalog.ts'
import {
  advanceSequence,
  brokenIndexes,
  ConstraintSwitch,
  forgetTrials,
  silenceTriggers,
} from './fill-flags.ts'
import { Ladder } from './fill-ladder.ts'
import { linkedColumns } from './fill-links.ts'
import type { FillPlan, PlannedTable, Share } from './fill-plan.ts'
import { highestNumbers, prepareTables, readKeys } from './fill-prepare.ts'
import { FillSession } from './fill-session.ts'
import { RowSource } from './fill-source.ts'
import { brokenChecks, brokenReferences } from './fill-verify.ts'
import { meetWidth } from './fill-width.ts'
import { writeShare } from './fill-write.ts'
import type { FilledTable, FillReport, FillRequest } from './model.ts'

/**
 * Fills tables with synthetic rows that meet their constraints: every column is an expression of the row's number, a
 * foreign key its parent's key of a pseudo-random row number, so that tables need no order and circles no care.
 *
 * The migrating role writes (see {@link openSeedWriter}), as CHECKs and functions are its own code; triggers do not
 * fire. Sequences go on after the rows. Nothing is analysed or vacuumed. Rows that a table has already stay, and
 * count. What the server refuses is told in the report; a broken connection and the caller's abort are thrown, with
 * constraints and indexes in order.
 * @param admin superuser of a throwaway server, connected to the database to fill
 */
export async function fillTables(admin: Client, request: FillRequest): Promise<FillReport> {
  await loadParser()
  request.signal.throwIfAborted()
  await using writer = await openSeedWriter(admin, request.connectMigrator, 10_000, request)
  const catalog = await readFillCatalog(admin, writer.client)
  const restoreTriggers = await silenceTriggers(admin, [...catalog.tables.keys()])
  try {
    const session = new FillSession(writer.client, admin, request)
    await session.prepare()
    return await new Filling(admin, session, request).run(catalog)
  } catch (error) {
    request.signal.throwIfAborted()
    if (!writer.isEnded) throw error
    // what is there is not vouched for
    const why = 'code of the migrations did not end when its time was over'
    const unfilled = request.tables.map(({ schema, name }) => ({ table: relationKey({ schema, name }), why }))
    return { filled: [], unfilled, bypassed: [] }
  } finally {
    await restoreTriggers()
  }
}

interface ShareParts {
  readonly planned: PlannedTable
  readonly share: Share
  readonly checks: ConstraintSwitch
  readonly mostMs: number
  readonly bypassed: Set<string>
}

class Filling {
  private readonly admin: Client
  private readonly session: FillSession
  private readonly request: FillRequest
  private readonly filled: FilledTable[] = []
  private readonly unfilled: { table: string; why: string }[] = []
  private readonly bypassed: { table: string; constraint: string }[] = []

  constructor(admin: Client, session: FillSession, request: FillRequest) {
    this.admin = admin
    this.session = session
    this.request = request
  }

  async run(fresh: FillCatalog): Promise<FillReport> {
    const prepared = await prepareTables(this.session, fresh, this.request.tables)
    const { catalog, plan } = prepared
    this.unfilled.push(...prepared.unfilled)
    const done: PlannedTable[] = []
    const tables = plan.inOrder()
    for (const [at, planned] of tables.entries()) {
      // One table that does not end must not take the time of all others.
      const mostMs = Math.max(2000, (this.session.leftMs / (tables.length - at)) * 4)
      if (await this.fill(catalog, plan, planned, mostMs)) done.push(planned)
      else plan.giveUp(planned.table.oid)
    }
    for (const planned of done) await this.verify(catalog, planned)
    return { filled: this.filled, unfilled: this.unfilled, bypassed: this.bypassed }
  }

  /** True when the table has rows. */
  private async fill(
    catalog: FillCatalog,
    plan: FillPlan,
    planned: PlannedTable,
    mostMs: number,
  ): Promise<boolean> {
    const { table } = planned
    const label = labelOf(planned)
    const started = performance.now()
    const checks = new ConstraintSwitch(
      this.admin,
      planned.shares.flatMap(({ target }) => [target.oid, ...target.leaves]),
    )
    const bypassed = new Set<string>()
    const refusals: string[] = []
    let model: RowSource | undefined
    try {
      for (const share of planned.shares.filter(({ rows }) => rows > 0)) {
        const parts = { planned, share, checks, mostMs, bypassed }
        const source = this.source(catalog, plan, parts)
        const why = await this.fillShare(catalog, source, parts, model)
        if (why === undefined && source?.isAsPlanned === true) model ??= source
        if (why !== undefined)
          refusals.push(share.target.oid === table.oid ? why : `${why} (in ${share.target.name})`)
      }
    } finally {
      await checks.on()
    }
    const size = await this.measure(planned)
    const [why] = refusals
    if (why !== undefined)
      this.unfilled.push({
        table: label,
        why: size.rows === 0 ? why : `only ${size.rows} rows went in: ${why}`,
      })
    else if (size.rows === 0 && planned.request.rows > 0)
      this.unfilled.push({ table: label, why: 'its keys have no values left' })
    else this.filled.push({ table: label, ...size, ms: performance.now() - started })
    if (size.rows > 0 && size.rows < planned.existing + planned.rows) {
      // Row numbers no longer lead to rows: what comes later refers to rows that are there.
      const keys = await readKeys(this.session, table, linkedColumns(catalog, table))
      if (keys !== undefined) plan.useRows(table.oid, keys)
    }
    for (const name of [...bypassed, ...plan.orphaned(planned)]) this.bypass(label, name)
    if (bypassed.size > 0)
      for (const name of await brokenChecks(this.session, planned, bypassed)) this.bypass(label, name)
    await this.advanceSequences(catalog, table)
    return size.rows > 0
  }

  private source(
    catalog: FillCatalog,
    plan: FillPlan,
    { planned, share }: ShareParts,
  ): RowSource | undefined {
    const choice = planned.choices.get(share.target.oid)
    if (choice === undefined) return undefined
    const { limits } = plan.keysOf(planned)
    return new RowSource(catalog.seed, choice, (column) => plan.column(planned, share, column), limits)
  }

  /**
   * Why the rows did not go in, or undefined.
   * @param model of another partition, whose rows went in as planned: those of this one will, too
   */
  private async fillShare(
    catalog: FillCatalog,
    source: RowSource | undefined,
    parts: ShareParts,
    model: RowSource | undefined,
  ): Promise<string | undefined> {
    const { planned, share, checks, mostMs, bypassed } = parts
    if (source === undefined) return 'its columns could not be read'
    if (model !== undefined && source.isAsPlanned) {
      source.takeWidths(model)
      if ((await writeShare(this.admin, this.session, { share, source, mostMs })) === undefined)
        return undefined
    }
    const ladder = new Ladder(this.session, catalog.seed, { share, source, checks })
    const trial = await ladder.climb(mostMs)
    if (!trial.ok) return trial.why
    await meetWidth(catalog.seed, planned, source, ladder, trial.rowBytes)
    await forgetTrials(this.session, share.target.leaves, mostMs)
    for (let tries = 0; ; tries += 1) {
      const refusal = await writeShare(this.admin, this.session, { share, source, mostMs })
      // A CHECK that only rows far behind those of the trial break.
      const again = refusal?.sqlstate === '23514' && refusal.constraint !== undefined && tries < 4
      if (again && (await ladder.react(refusal))) continue
      for (const name of ladder.bypassed) bypassed.add(name)
      return refusal?.message
    }
  }

  private async advanceSequences(catalog: FillCatalog, table: FillableTable): Promise<void> {
    const sequences = catalog.sequences.get(table.oid) ?? []
    const names = sequences.map(({ column }) => column)
    const highest = await highestNumbers(this.session, table, names)
    for (const { column, sequence } of sequences) {
      const value = highest.get(column)
      if (value !== undefined && value < 2n ** 63n) await advanceSequence(this.admin, sequence, value)
    }
  }

  private async measure({ table, shares }: PlannedTable): Promise<Omit<FilledTable, 'table' | 'ms'>> {
    const leaves = shares.flatMap(({ target }) => target.leaves)
    const { rows } = await this.admin.query<{ heap: string; toast: string }>(
      `select sum(pg_catalog.pg_relation_size(oid))::text as heap,
         sum(case when reltoastrelid = 0 then 0 else pg_catalog.pg_total_relation_size(reltoastrelid) end)::text as toast
       from pg_catalog.pg_class where oid = any($1::oid[])`,
      [leaves],
    )
    const [size] = rows
    return {
      rows: await this.session.count(`${table.partitioned ? '' : 'only '}${table.name}`),
      heapBytes: Number(size?.heap ?? 0),
      toastBytes: Number(size?.toast ?? 0),
    }
  }

  /** What cannot be wrong is looked at again all the same: indexes in use, references that lead somewhere. */
  private async verify(catalog: FillCatalog, planned: PlannedTable): Promise<void> {
    const label = labelOf(planned)
    for (const name of await brokenReferences(this.session, catalog, planned)) this.bypass(label, name)
    const leaves = planned.shares.flatMap(({ target }) => target.leaves)
    for (const oid of await brokenIndexes(this.admin, leaves)) {
      this.unfilled.push({ table: label, why: `an index of it is not in use (object ${oid})` })
    }
  }

  private bypass(table: string, constraint: string): void {
    if (!this.bypassed.some((one) => one.table === table && one.constraint === constraint))
      this.bypassed.push({ table, constraint })
  }
}

function labelOf({ request }: PlannedTable): string {
  return relationKey(request)
}
