import { performance } from 'node:perf_hooks'
import type { SeedCatalog } from '../replay/seed-catalog.ts'
import type { ConstraintSwitch } from './fill-flags.ts'
import type { FillSession, Refusal } from './fill-session.ts'
import { blank, type RowSource } from './fill-source.ts'
import type { Share } from './fill-plan.ts'
import { quoted } from './fill-sql.ts'

/** What came of trying a few rows of a target. */
export type Trial =
  | { readonly ok: true; readonly rowBytes: number }
  | { readonly ok: false; readonly why: string }

/** Milliseconds for a few hundred rows: longer, and thousands would not be done in time. */
const trialMs = 1500
const mostSteps = 40

/**
 * Tries a few rows (and takes them back), and climbs down until they are accepted: as planned; with other values of
 * the columns that a CHECK ties together; with defaults or NULL; without the table's CHECKs.
 */
export class Ladder {
  private readonly session: FillSession
  private readonly seed: SeedCatalog
  private readonly share: Share
  private readonly source: RowSource
  private readonly checks: ConstraintSwitch
  private readonly defaulted = new Set<string>()
  private hasDerived = false
  private hasTriedWithout = false
  /** CHECKs that the rows need not meet. */
  readonly bypassed = new Set<string>()

  constructor(
    session: FillSession,
    seed: SeedCatalog,
    parts: { readonly share: Share; readonly source: RowSource; readonly checks: ConstraintSwitch },
  ) {
    this.session = session
    this.seed = seed
    this.share = parts.share
    this.source = parts.source
    this.checks = parts.checks
  }

  /** @param mostMs after which it gives up */
  async climb(mostMs: number): Promise<Trial> {
    const until = performance.now() + mostMs
    await this.source.retry(this.session)
    let why = 'nothing that its constraints take was found'
    for (let step = 0; step < mostSteps; step += 1) {
      const trial = await this.attempt()
      if (!('refusal' in trial)) return { ok: true, rowBytes: trial.rowBytes }
      why = trial.refusal.message
      if (this.session.leftMs < 1 || performance.now() > until)
        return { ok: false, why: 'the time for filling was used up' }
      if (!(await this.react(trial.refusal))) return { ok: false, why }
    }
    return { ok: false, why }
  }

  /** Bytes of a row as the heap holds it, from rows in the middle (whose numbers are neither short nor long). */
  async attempt(): Promise<{ readonly rowBytes: number } | { readonly refusal: Refusal }> {
    const { offset, rows } = this.share
    const [first, last] = [offset + 1, offset + rows]
    const middle = Math.max(first, offset + Math.floor(rows / 2))
    const parts = [
      [first, Math.min(last, first + 99)],
      [Math.max(first + 100, last - 49), last],
    ]
      .filter(([from = 0, to = 0]) => to >= from && (to < middle || from > middle + 249))
      .map(([from = 0, to = 0]) => this.source.insertSql(from, to))
    if (this.source.columns.size === 0 && this.source.choice.target.generated.size === 0) {
      const plain = await this.session.rehearse(this.source.insertSql(first, last), trialMs)
      return plain.refusal === undefined ? { rowBytes: 24 } : { refusal: plain.refusal }
    }
    const inner = this.source.insertSql(middle, Math.min(last, middle + 249), ' returning *')
    const measured = `with fill_rows_made as (${inner}) select avg(pg_column_size(fill_rows_made.*))::float8 as bytes from fill_rows_made`
    const answer = await this.session.rehearse([...parts, measured].join(';\n'), trialMs)
    if (answer.refusal !== undefined) return { refusal: answer.refusal }
    return { rowBytes: Number(answer.rows[0]?.['bytes'] ?? 24) }
  }

  /** TOAST bytes per row, from rows in the middle; undefined when the server refuses them. */
  async toastBytes(most: number): Promise<number | undefined> {
    const { offset, rows, target } = this.share
    const from = offset + Math.floor(rows / 2) + 1
    const to = Math.min(offset + rows, from + most - 1)
    const size = `select pg_catalog.sum(pg_catalog.pg_total_relation_size(reltoastrelid))::float8 as bytes
      from pg_catalog.pg_class where oid in (${target.leaves.join(', ')}) and reltoastrelid <> 0`
    const before = await this.session.try(size, trialMs)
    const after = await this.session.rehearse(`${this.source.insertSql(from, to)};\n${size}`, trialMs)
    if (before.refusal !== undefined || after.refusal !== undefined || to < from) return undefined
    return (Number(after.rows[0]?.['bytes'] ?? 0) - Number(before.rows[0]?.['bytes'] ?? 0)) / (to - from + 1)
  }

  /** Changes something that may help against this refusal; true when it did. */
  async react(refusal: Refusal): Promise<boolean> {
    const { sqlstate, constraint, column, dataType } = refusal
    if (sqlstate === '23514') {
      if (dataType !== undefined) return this.blankDomain(dataType)
      return constraint === undefined ? false : this.step(constraint)
    }
    if (sqlstate === '23502' && dataType !== undefined) return this.blankDomain(dataType)
    if (sqlstate === '23502' && column !== undefined) {
      // A row for which no variant was found is NULL where it varies.
      const tried = this.source.retriedCheck(column)
      if (tried === undefined) return this.useDefault(column)
      return this.step(tried)
    }
    if (sqlstate === '23505' || sqlstate === '23P01') {
      if (this.source.skipsConflicts) return false
      this.source.skipsConflicts = true
      return true
    }
    return (await this.blankGuilty()) || this.withoutGuilty()
  }

  /** A CHECK that failed: the next rung of its ladder. */
  private async step(name: string): Promise<boolean> {
    const exists = this.source.choice.target.checks.some((check) => check.name === name)
    if (!exists) return false
    if (!this.hasDerived) {
      this.hasDerived = true
      const derived = this.source.choice.target.checks.filter((check) => this.source.derive(check.name))
      if (derived.some((check) => check.name === name)) {
        await this.source.retry(this.session)
        return true
      }
    }
    if (!this.source.retried.has(name) && (await this.source.retry(this.session, name))) return true
    if (!this.defaulted.has(name)) {
      this.defaulted.add(name)
      if (await this.defaultsMeet(name)) return true
    }
    await this.bypass(name)
    return true
  }

  /** Do the CHECK's columns meet it with their defaults, or as NULL? */
  private async defaultsMeet(name: string): Promise<boolean> {
    const conditions = this.source.choice.conditions.filter(({ check }) => check === name)
    const columns = [...new Set(conditions.flatMap((one) => one.columns))].flatMap((column) => {
      const known = this.source.columns.get(column)
      return known === undefined || known.sql.fixed ? [] : [known]
    })
    const before = columns.map(({ mode }) => mode)
    for (const column of columns) column.mode = blank(column.choice)
    await this.source.retry(this.session)
    const trial = columns.length === 0 ? undefined : await this.attempt()
    const failed =
      trial === undefined ||
      ('refusal' in trial && (trial.refusal.constraint === name || trial.refusal.sqlstate === '23502'))
    if (!failed) return true
    for (const [at, column] of columns.entries()) column.mode = before[at] ?? 'usual'
    this.source.retried.delete(name)
    await this.source.retry(this.session)
    return false
  }

  private async bypass(name: string): Promise<void> {
    this.bypassed.add(name)
    this.source.retried.delete(name)
    this.source.ignored.add(name)
    await this.source.retry(this.session)
    await this.checks.off()
  }

  private blankDomain(type: string): boolean {
    let changed = false
    for (const column of this.source.columns.values()) {
      const own = this.seed.types.get(column.choice.column.type)
      if (own?.name !== type || column.mode !== 'usual' || column.sql.fixed) continue
      column.mode = blank(column.choice)
      changed = true
    }
    return changed
  }

  private useDefault(name: string): boolean {
    const column = this.source.columns.get(name)
    if (column === undefined || column.mode === 'default' || column.choice.column.default === null)
      return false
    column.mode = 'default'
    return true
  }

  /** Columns whose expression raises by itself. */
  private async blankGuilty(): Promise<boolean> {
    let changed = false
    const { offset, rows } = this.share
    for (const [name, column] of this.source.columns) {
      if (column.mode !== 'usual') continue
      const from = this.source.fromSql(offset + 1, Math.min(offset + rows, offset + 20))
      const answer = await this.session.try(`select count(${this.source.valueSql(name)}) from ${from}`, 300)
      if (answer.refusal === undefined) continue
      column.mode = blank(column.choice)
      changed = true
    }
    return changed
  }

  /** A CHECK that raises or does not end is found by asking each alone; what is left is not the CHECKs' fault. */
  private async withoutGuilty(): Promise<boolean> {
    if (this.hasTriedWithout || this.source.choice.target.checks.length === 0) return false
    this.hasTriedWithout = true
    const { offset } = this.share
    const { target } = this.source.choice
    for (const { name, expression } of target.checks) {
      const generated = [...target.generated].map(([column, sql]) => `, (${sql}) as ${quoted(column)}`)
      const rows = `(select fill_row.*${generated.join('')} from (${this.source.selectSql(offset + 1, offset + 10)}) fill_row)`
      const sql = `select count(*) filter (where (${expression}) is false) from ${rows} ${quoted(target.relation)}`
      if ((await this.session.try(sql, 300)).refusal !== undefined) await this.bypass(name)
    }
    await this.checks.off()
    return true
  }
}
