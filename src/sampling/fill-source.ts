import { escapeLiteral } from 'pg'
import { isSafeDefault, readPredicate } from '../replay/seed-checks.ts'
import { domainPredicates, literalsFor } from '../replay/seed-conditions.ts'
import type { SeedCatalog } from '../replay/seed-catalog.ts'
import type { ColumnChoice, TargetChoice } from './fill-choose.ts'
import type { KeyLimit } from './fill-keys.ts'
import type { ColumnSql } from './fill-plan.ts'
import type { Generator } from './fill-text.ts'
import type { FillSession } from './fill-session.ts'
import { sides } from './fill-conditions.ts'
import { quoteIdent } from '../sql/quote.ts'
import { hashSql, quoted, rowNumber, rowsSql } from './fill-sql.ts'

interface SourceColumn {
  choice: ColumnChoice
  sql: ColumnSql
  mode: 'usual' | 'default' | 'null'
}

/** Conditions that a row is tried again for, and the columns whose values change then. */
interface Retry {
  readonly columns: readonly string[]
  readonly conditions: readonly string[]
}

/** Variants of a row that are tried: enough for one in sixteen to fit. */
const variants = 255

/** The rows of one target as a query of the row number. */
export class RowSource {
  readonly choice: TargetChoice
  readonly columns = new Map<string, SourceColumn>()
  /** CHECKs that rows are tried again for. */
  readonly retried = new Set<string>()
  /** CHECKs that rows need not meet. */
  readonly ignored = new Set<string>()
  noiseBytes = 0
  /** Values that {@link replace} gave columns. */
  readonly replaced = new Map<string, Generator>()
  /** Rows whose key is taken are left out. */
  skipsConflicts = false
  private retries: readonly Retry[] = []
  /** By column: what a CHECK says that it equals. */
  private readonly derived = new Map<string, string>()
  private readonly seed: SeedCatalog
  private readonly limits: readonly KeyLimit[]
  private readonly columnOf: (choice: ColumnChoice) => ColumnSql
  private readonly pools = new Map<string, readonly string[]>()

  constructor(
    seed: SeedCatalog,
    choice: TargetChoice,
    columnOf: (choice: ColumnChoice) => ColumnSql,
    limits: readonly KeyLimit[],
  ) {
    this.seed = seed
    this.choice = choice
    this.limits = limits
    this.columnOf = columnOf
    for (const [name, one] of choice.columns) {
      this.columns.set(name, {
        choice: one,
        sql: columnOf(one),
        mode: one.generator === undefined ? blank(one) : 'usual',
      })
    }
  }

  /** Did rows go in as they were planned? */
  get isAsPlanned(): boolean {
    const modes = [...this.columns.values()].every(
      ({ mode, choice }) => mode === (choice.generator === undefined ? blank(choice) : 'usual'),
    )
    return (
      modes &&
      this.retried.size + this.derived.size + this.ignored.size === 0 &&
      this.limits.length === 0 &&
      !this.skipsConflicts
    )
  }

  /** Makes rows as wide as those of another partition. */
  takeWidths({ replaced, noiseBytes }: RowSource): void {
    this.noiseBytes = noiseBytes
    for (const [name, generator] of replaced)
      if (this.columns.get(name)?.mode === 'usual') this.replace(name, generator)
  }

  /** Other values for a column that no condition is about. */
  replace(name: string, generator: Generator): void {
    const column = this.columns.get(name)
    if (column === undefined) return
    this.replaced.set(name, generator)
    column.choice = { ...column.choice, generator }
    column.sql = this.columnOf(column.choice)
  }

  /** Is its value ours to change without a look at anything else? */
  isLoose(name: string): boolean {
    const tied = this.choice.conditions.some(({ columns }) => columns.includes(name))
    return this.isFree(name) && this.columns.get(name)?.choice.constrained === false && !tied
  }

  /** Is its value ours to change, if conditions still hold afterwards? */
  isFree(name: string): boolean {
    const column = this.columns.get(name)
    return column !== undefined && column.mode === 'usual' && !column.sql.fixed
  }

  /** Names of columns that get a value. */
  private get written(): readonly string[] {
    return [...this.columns].filter(([, { mode }]) => mode !== 'default').map(([name]) => name)
  }

  insertSql(from: number, to: number, returning = ''): string {
    const names = this.written.map(quoted)
    const head = names.length === 0 ? '' : ` (${names.join(', ')}) overriding system value`
    const conflict = this.skipsConflicts ? ' on conflict do nothing' : ''
    return `insert into ${this.choice.target.name}${head} ${this.selectSql(from, to)}${conflict}${returning}`
  }

  selectSql(from: number, to: number): string {
    const retried = new Map(
      this.retries.flatMap(({ columns }, at) => columns.map((name) => [name, at] as const)),
    )
    const list = this.written.flatMap((name) => {
      if (this.derived.has(name)) return []
      const at = retried.get(name)
      return `${at === undefined ? this.valueSql(name) : `fill_retry${at}.${quoted(name)}`} as ${quoted(name)}`
    })
    const joins = this.retries.map((retry, at) => this.retrySql(retry, at))
    const rows = `select ${list.join(', ')} from ${this.fromSql(from, to)}${joins.join('')}`
    if (this.derived.size === 0) return rows
    const relation = quoted(this.choice.target.relation)
    const all = this.written.map((name) => {
      const sql = this.derived.get(name)
      return sql === undefined
        ? quoted(name)
        : `(${sql})::${this.columns.get(name)?.choice.type} as ${quoted(name)}`
    })
    return `select ${all.join(', ')} from (${rows}) ${relation}`
  }

  /** FROM clause under which {@link valueSql} means something. */
  fromSql(from: number, to: number): string {
    return rowsSql(from, to, this.noiseBytes)
  }

  valueSql(name: string, variant?: string): string {
    const column = this.columns.get(name)
    if (column === undefined || column.mode !== 'usual') return `null::${column?.choice.type ?? 'text'}`
    return `(${column.sql.value(rowNumber, variant)})::${column.choice.type}`
  }

  private retrySql({ columns, conditions }: Retry, at: number): string {
    const fixed = this.columnsOf(conditions).filter((name) => !columns.includes(name))
    const plain = fixed
      .filter((name) => this.columns.has(name) && !this.derived.has(name))
      .map((name) => `${this.valueSql(name)} as ${quoted(name)}`)
    const varied = columns.map((name) => `${this.variedSql(name)} as ${quoted(name)}`)
    const { target } = this.choice
    const generated = fixed
      .filter((name) => this.computed(name) !== undefined)
      .map((name) => `, (${this.computed(name) ?? 'null'}) as ${quoted(name)}`)
    const inner = `(select ${[...varied, ...plain].join(', ')}) ${quoted(target.relation)}`
    const row =
      generated.length === 0
        ? inner
        : `(select *${generated.join('')} from ${inner}) ${quoted(target.relation)}`
    return ` left join lateral (select ${columns.map((name) => `${quoted(target.relation)}.${quoted(name)}`).join(', ')}
      from generate_series(0, ${variants}) fill_variants(fill_v) cross join lateral ${row}
      where ${conditions.map((sql) => `(${sql}) is not false`).join(' and ')} limit 1) fill_retry${at} on true`
  }

  /** The usual value first, then by chance NULL, a constant of the conditions, or the value of another row. */
  private variedSql(name: string): string {
    const column = this.columns.get(name)
    if (column === undefined) return 'null'
    const { choice, sql } = column
    const pool = this.pools.get(name) ?? []
    const options = [
      ...(choice.nullable ? ['null', 'null'] : []),
      ...(pool.length === 0 ? [] : Array.from({ length: 2 }, () => pickLiteral(pool, choice, sql.group))),
      this.valueSql(name, 'fill_v'),
    ]
    const chance = `${hashSql(`(${rowNumber} * 257 + fill_v)`, sql.group + 11)} % ${options.length}`
    const cases = options.map((option, at) => `when ${at} then ${option}`).join(' ')
    return `(case when fill_v = 0 then ${this.valueSql(name)} else case ${chance} ${cases} end end)::${choice.type}`
  }

  private computed(name: string): string | undefined {
    return this.derived.get(name) ?? this.choice.target.generated.get(name)
  }

  /** Where a CHECK says that a column equals an expression of others, the column is that expression. */
  derive(check: string): boolean {
    const { generated } = this.choice.target
    for (const { sql } of this.choice.conditions.filter((one) => one.check === check)) {
      for (const [left = '', right = ''] of [sides(sql) ?? [], (sides(sql) ?? []).toReversed()]) {
        const others = readPredicate(right)?.columns ?? []
        const name = [...this.columns.keys()].find((one) => quoteIdent(one) === left)
        const known = others.every(
          (other) => this.columns.has(other) && !this.derived.has(other) && !generated.has(other),
        )
        if (name === undefined || others.length === 0 || others.includes(name) || !known) continue
        const { group } = this.columns.get(name)?.sql ?? {}
        const isFree = group === 1000 + (this.columns.get(name)?.choice.column.number ?? 0)
        if (!this.mayVary(name) || !isFree) continue
        this.derived.set(name, right)
        return true
      }
    }
    return false
  }

  /** The CHECK because of which a column's values vary. */
  retriedCheck(column: string): string | undefined {
    if (!this.retries.some(({ columns }) => columns.includes(column))) return undefined
    const own = [...this.retried].find((name) =>
      this.choice.conditions.some(({ check, columns }) => check === name && columns.includes(column)),
    )
    return own ?? [...this.retried][0]
  }

  /** Rows are tried again until these CHECKs hold, and the limits of keys. False when no column may change. */
  async retry(session: FillSession, check?: string): Promise<boolean> {
    if (check !== undefined) this.retried.add(check)
    const groups = this.groups()
    for (const name of groups.flatMap(({ columns }) => columns)) {
      if (!this.pools.has(name)) this.pools.set(name, await this.pool(session, name))
    }
    this.retries = groups.filter(({ columns }) => columns.length > 0)
    return check === undefined || this.retries.length > 0
  }

  /** Conditions that share a column which may change are met together. */
  private groups(): readonly Retry[] {
    const all = [
      ...this.choice.conditions
        .filter(({ check }) => check === undefined || !this.ignored.has(check))
        .map(({ sql, columns, check }) => ({
          sql,
          columns,
          asked: check !== undefined && this.retried.has(check),
        })),
      ...this.limits.map(({ from, predicate }) => ({
        sql: `${rowNumber} <= ${from} or (${predicate}) is not true`,
        columns: readPredicate(predicate)?.columns ?? [],
        asked: true,
      })),
    ].map((one) => ({ ...one, columns: this.withSources(one.columns) }))
    const groups: { columns: Set<string>; conditions: Set<string> }[] = []
    for (const one of all.filter(({ asked }) => asked)) {
      const group = {
        columns: new Set(one.columns.filter((name) => this.mayVary(name))),
        conditions: new Set([one.sql]),
      }
      for (let grew = true; grew;) {
        grew = false
        for (const other of all) {
          if (group.conditions.has(other.sql) || !other.columns.some((name) => group.columns.has(name)))
            continue
          group.conditions.add(other.sql)
          for (const name of other.columns) if (this.mayVary(name)) group.columns.add(name)
          grew = true
        }
        for (const known of groups.filter(({ columns }) =>
          [...columns].some((name) => group.columns.has(name)),
        )) {
          for (const name of known.columns) group.columns.add(name)
          for (const sql of known.conditions) group.conditions.add(sql)
          groups.splice(groups.indexOf(known), 1)
          grew = true
        }
        this.addPartners(group.columns)
      }
      groups.push(group)
    }
    return groups.map(({ columns, conditions }) => ({
      columns: [...columns],
      conditions: [...conditions, ...[...columns].flatMap((name) => this.domainConditions(name))],
    }))
  }

  /** The other columns of a foreign key, whose values come from the same parent row. */
  private addPartners(columns: Set<string>): void {
    for (const [name, { sql }] of this.columns) {
      const partner = [...columns].some((one) => this.columns.get(one)?.sql.group === sql.group)
      if (partner && this.mayVary(name)) columns.add(name)
    }
  }

  private domainConditions(name: string): readonly string[] {
    const column = this.columns.get(name)
    if (column === undefined) return []
    return domainPredicates(this.seed, column.choice.column.type).map(
      ({ sql }) =>
        `select (${sql}) is not false from (select ${quoted(this.choice.target.relation)}.${quoted(name)} as value) fill_domain`,
    )
  }

  private mayVary(name: string): boolean {
    const column = this.columns.get(name)
    return column !== undefined && !column.sql.fixed && column.mode === 'usual' && !this.derived.has(name)
  }

  private withSources(columns: readonly string[]): readonly string[] {
    return [
      ...new Set(
        columns.flatMap((name) => [name, ...(readPredicate(this.computed(name) ?? 'true')?.columns ?? [])]),
      ),
    ]
  }

  private columnsOf(conditions: readonly string[]): readonly string[] {
    const known = [
      ...this.choice.conditions,
      ...this.limits.map(({ from, predicate }) => ({
        sql: `${rowNumber} <= ${from} or (${predicate}) is not true`,
        columns: readPredicate(predicate)?.columns ?? [],
      })),
    ]
    return [
      ...new Set(
        known
          .filter(({ sql }) => conditions.includes(sql))
          .flatMap(({ columns }) => this.withSources(columns)),
      ),
    ]
  }

  /** Constants for a column that stands alone, as far as its input function takes them. */
  private async pool(session: FillSession, name: string): Promise<readonly string[]> {
    const choice = this.columns.get(name)?.choice
    if (choice === undefined || this.columns.get(name)?.sql.group !== 1000 + choice.column.number) return []
    const place = { row: 1, slot: 6000, key: false }
    const texts = literalsFor(this.seed, choice.column, choice.hints, place).slice(0, 24)
    const list = texts.map((text) => `${escapeLiteral(text)}::${choice.type}`)
    const all = await session.try(`select ${list.join(', ')}`, 300)
    if (all.refusal === undefined) return texts
    const good: string[] = []
    for (const [at, sql] of list.entries()) {
      if ((await session.try(`select ${sql}`, 100)).refusal === undefined) good.push(texts[at] ?? '')
    }
    return good
  }
}

function pickLiteral(pool: readonly string[], { type }: ColumnChoice, salt: number): string {
  const list = pool.map((text) => `${escapeLiteral(text)}::${type}`)
  return `(array[${list.join(', ')}])[(1 + ${hashSql(`(${rowNumber} * 263 + fill_v)`, salt + 13)} % ${pool.length})::int4]`
}

/** What a column is without a value of ours. */
export function blank({ column, nullable }: ColumnChoice): 'default' | 'null' {
  const safe = column.default !== null && isSafeDefault(column.default)
  return safe || !nullable ? 'default' : 'null'
}
