import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import type { SeedCatalog, SeedColumn, SeedKey, SeedTable, SeedTarget } from './seed-catalog.ts'
import { isSafeDefault, mergedHints, readPredicate, type Hints, type Predicate } from './seed-checks.ts'
import {
  baseTypeOf,
  domainPredicates,
  domainsOf,
  literalsFor,
  predicatesOf,
  targetOf,
} from './seed-conditions.ts'
import { isKeyColumn, type SeedPlan, type Slot } from './seed-plan.ts'
import type { SlotValues } from './seed-slots.ts'
import { isServerError, solve, type Candidate, type Condition, type Variable } from './seed-solve.ts'

/** What rows are made from. */
export interface RowContext {
  readonly client: Client
  readonly catalog: SeedCatalog
  readonly plan: SeedPlan
  readonly values: SlotValues
}

/** How a table fared: rows written, and what the server said where one was refused. */
export interface FilledTable {
  readonly rows: number
  readonly refused: readonly {
    readonly target: SeedTarget
    readonly why: string
    readonly sqlstate: string
  }[]
}

/** A row as chosen: a candidate per column name; generated columns are left out. */
type Row = ReadonlyMap<string, Candidate>

/** Writes the rows of one table, each in a savepoint of its own. */
export async function fillTable(context: RowContext, table: SeedTable): Promise<FilledTable> {
  const count = context.plan.rows.get(table.oid) ?? 0
  const done: Row[] = []
  const refused: { target: SeedTarget; why: string; sqlstate: string }[] = []
  for (let row = 1; row <= count; row += 1) {
    const target = targetOf(table, row)
    if (target === undefined) break
    const choice = new RowChoice(context, table, target, row)
    const chosen = await choice.choose(done)
    const outcome = await insert(context.client, target, chosen, choice)
    if (outcome === undefined) done.push(chosen)
    else refused.push({ target, ...outcome })
    // An ordinary table whose first rows are refused will refuse the others, too.
    if (!table.partitioned && done.length === 0 && refused.length >= 2) break
  }
  return { rows: done.length, refused }
}

class RowChoice {
  private readonly context: RowContext
  private readonly table: SeedTable
  private readonly target: SeedTarget
  private readonly row: number
  private readonly predicates: readonly Predicate[]

  constructor(context: RowContext, table: SeedTable, target: SeedTarget, row: number) {
    this.context = context
    this.table = table
    this.target = target
    this.row = row
    this.predicates = predicatesOf(target)
  }

  /** The likeliest values, those that conditions talk about solved together. */
  async choose(earlier: readonly Row[]): Promise<Row> {
    const columns = this.target.columns.filter(({ generated }) => !generated)
    const candidates = new Map(columns.map((column) => [column.name, this.candidates(column)]))
    const chosen = new Map<string, Candidate>()
    for (const column of columns)
      chosen.set(column.name, candidates.get(column.name)?.[0] ?? { kind: 'null' })
    for (const names of this.components(columns)) {
      const members = columns.filter(({ name }) => names.has(name))
      const variables = members.map((column) => this.variable(column, candidates.get(column.name) ?? []))
      const solution = await solve(this.context.client, variables, this.conditions(members, earlier))
      for (const [index, { name }] of members.entries()) {
        const candidate = candidates.get(name)?.[solution?.[index] ?? 0]
        if (candidate !== undefined) chosen.set(name, candidate)
      }
    }
    return chosen
  }

  /** The same row with NULL, or with the column's default, wherever that is possible and no foreign key is concerned. */
  variant(row: Row, kind: 'null' | 'default'): Row {
    const changed = new Map(row)
    for (const column of this.target.columns) {
      if (!row.has(column.name) || this.slot(column) !== undefined || isKeyColumn(this.table, column))
        continue
      const safe = column.default !== null && isSafeDefault(column.default)
      if (kind === 'default' && safe) changed.set(column.name, { kind: 'default', sql: column.default ?? '' })
      if (kind === 'null' && this.isNullable(column)) changed.set(column.name, { kind: 'null' })
    }
    return changed
  }

  private candidates(column: SeedColumn): readonly Candidate[] {
    const slot = this.slot(column)
    const nothing: readonly Candidate[] = this.isNullable(column) ? [{ kind: 'null' }] : []
    if (slot !== undefined) {
      const values = this.context.values.around(slot, this.row)
      const literals = values.map((text): Candidate => ({ kind: 'literal', text }))
      return [...literals, ...nothing]
    }
    const bound = this.isBound(column)
    const key = bound || isKeyColumn(this.table, column)
    const place = { row: this.row, slot: column.number, key, far: bound && this.target.isDefault }
    const literals = literalsFor(this.context.catalog, column, this.hints(column), place)
    const all = literals.map((text): Candidate => ({ kind: 'literal', text }))
    const defaults: readonly Candidate[] =
      column.default !== null && isSafeDefault(column.default)
        ? [{ kind: 'default', sql: column.default }]
        : []
    return [...all.slice(0, 1), ...defaults, ...all.slice(1), ...nothing]
  }

  private slot(column: SeedColumn): Slot | undefined {
    const named = this.table.columns.find(({ name }) => name === column.name)
    return named === undefined
      ? undefined
      : this.context.plan.slotOf({ table: this.table.oid, column: named.number })
  }

  private isNullable({ notNull, type }: SeedColumn): boolean {
    return !notNull && !domainsOf(this.context.catalog, type).some((domain) => domain.notNull)
  }

  /** Does the partition's bound talk about the column? */
  private isBound({ name }: SeedColumn): boolean {
    return this.target.bound !== null && (readPredicate(this.target.bound)?.columns.includes(name) ?? false)
  }

  private hints({ name, type }: SeedColumn): Hints {
    const domains = domainPredicates(this.context.catalog, type)
    return mergedHints([
      ...this.predicates.map(({ hints }) => hints.get(name)),
      ...domains.map(({ hints }) => hints.get('value')),
    ])
  }

  private variable({ type }: SeedColumn, candidates: readonly Candidate[]): Variable {
    return { candidates, type: baseTypeOf(this.context.catalog, type)?.sql ?? 'text' }
  }

  /** Columns that conditions tie together, each group solved on its own. */
  private components(columns: readonly SeedColumn[]): readonly ReadonlySet<string>[] {
    const known = new Set(columns.map(({ name }) => name))
    const ties = [
      ...this.predicates
        .map((predicate) => predicate.columns)
        .filter((names) => names.every((name) => known.has(name))),
      ...columns
        .filter(({ type }) => domainPredicates(this.context.catalog, type).length > 0)
        .map(({ name }) => [name]),
    ]
    const touched = new Set(ties.flat())
    for (const key of this.plainKeys()) {
      if (key.some((name) => touched.has(name))) ties.push(key)
    }
    const groups: Set<string>[] = []
    for (const tie of ties) {
      const joined = new Set(tie)
      for (const group of groups.filter((one) => tie.some((name) => one.has(name)))) {
        for (const name of group) joined.add(name)
        groups.splice(groups.indexOf(group), 1)
      }
      if (joined.size > 0) groups.push(joined)
    }
    return groups
  }

  private plainKeys(): readonly (readonly string[])[] {
    const name = (number: number): string | undefined =>
      this.target.columns.find((column) => column.number === number)?.name
    const isPlain = ({ columns, exclusion }: SeedKey): boolean =>
      !exclusion && columns.every((number) => number > 0)
    return this.target.keys
      .filter(isPlain)
      .map(({ columns }) => columns.map(name).filter((one) => one !== undefined))
  }

  private conditions(members: readonly SeedColumn[], earlier: readonly Row[]): readonly Condition[] {
    const { catalog } = this.context
    const index = (name: string): number => members.findIndex((member) => member.name === name)
    const checks = this.predicates
      .filter(({ columns }) => columns.length > 0 && columns.every((name) => index(name) >= 0))
      .map(({ sql, columns }) => ({ sql, columns: columns.map((name) => ({ variable: index(name), name })) }))
    const domains = members.flatMap(({ name, type }) =>
      domainPredicates(catalog, type).map(({ sql }) => ({
        sql,
        columns: [{ variable: index(name), name: 'value' }],
      })),
    )
    const keys = this.plainKeys().filter((key) => key.every((name) => index(name) >= 0))
    const distinct = keys.flatMap((key) =>
      earlier.map((row) => ({
        sql: key
          .map((name) => `${escapeIdentifier(name)} is distinct from ${this.literal(row, name)}`)
          .join(' or '),
        columns: key.map((name) => ({ variable: index(name), name })),
      })),
    )
    return [...checks, ...domains, ...distinct]
  }

  private literal(row: Row, name: string): string {
    const column = this.target.columns.find((one) => one.name === name)
    const type =
      column === undefined ? 'text' : (baseTypeOf(this.context.catalog, column.type)?.sql ?? 'text')
    const candidate = row.get(name)
    if (candidate?.kind === 'literal') return `${escapeLiteral(candidate.text)}::${type}`
    return candidate?.kind === 'default' ? `(${candidate.sql})::${type}` : `null::${type}`
  }
}

/** Tries the row, then its variants; undefined when one went in, else what the server said about the first. */
async function insert(
  client: Client,
  target: SeedTarget,
  row: Row,
  choice: RowChoice,
): Promise<{ readonly why: string; readonly sqlstate: string } | undefined> {
  const first = await tryInsert(client, target, row)
  // 23505/23P01: another value per column does not help against a key that has run out of values.
  if (first === undefined || first.sqlstate === '23505' || first.sqlstate === '23P01') return first
  for (const kind of ['null', 'default'] as const) {
    if ((await tryInsert(client, target, choice.variant(row, kind))) === undefined) return undefined
  }
  return first
}

async function tryInsert(
  client: Client,
  target: SeedTarget,
  row: Row,
): Promise<{ readonly why: string; readonly sqlstate: string } | undefined> {
  const names = [...row.keys()].map((name) => escapeIdentifier(name))
  const values = [...row.values()].map((candidate) =>
    candidate.kind === 'literal' ? escapeLiteral(candidate.text) : candidate.kind,
  )
  const content =
    names.length === 0
      ? 'default values'
      : `(${names.join(', ')}) overriding system value values (${values.join(', ')})`
  const savepoint = 'pgrehearse_row'
  try {
    await client.query(
      `savepoint ${savepoint}; insert into ${target.name} ${content}; release savepoint ${savepoint}`,
    )
    return undefined
  } catch (error) {
    if (!isServerError(error)) throw error
    await client.query(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`)
    return { why: error.message, sqlstate: error.code }
  }
}
