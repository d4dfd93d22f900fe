import { escapeIdentifier, escapeLiteral } from 'pg'
import type { SeedCatalog, SeedColumn, SeedKey, SeedTable, SeedTarget } from './seed-catalog.ts'
import { isSafeDefault, mergedHints, type Hints, type Predicate } from './seed-checks.ts'
import {
  baseTypeOf,
  boundPredicate,
  domainPredicates,
  domainsOf,
  literalsFor,
  predicatesOf,
} from './seed-conditions.ts'
import { isKeyColumn, type SeedPlan, type Slot } from './seed-plan.ts'
import type { SlotValues } from './seed-slots.ts'
import type { Candidate, Condition, Problem, Variable } from './seed-solve.ts'
import { seedValues, type SeedPlace } from './seed-values.ts'

/** What rows are chosen by. */
export interface ChoiceContext {
  readonly catalog: SeedCatalog
  readonly plan: SeedPlan
  readonly values: SlotValues
}

/** A row as chosen: a candidate per column name; generated columns are left out. */
export type Row = ReadonlyMap<string, Candidate>

/** Slots below are for columns in foreign keys; every table has sixteen of its own above. */
const firstFreeSlot = 2000

/** What may go into one row of one table. */
export class RowChoice {
  private readonly context: ChoiceContext
  private readonly table: SeedTable
  readonly target: SeedTarget
  private readonly number: number
  private readonly predicates: readonly Predicate[]
  private readonly candidates: ReadonlyMap<string, readonly Candidate[]>
  private readonly groups: readonly (readonly SeedColumn[])[]

  constructor(context: ChoiceContext, table: SeedTable, target: SeedTarget, row: number) {
    this.context = context
    this.table = table
    this.target = target
    this.number = row
    this.predicates = predicatesOf(target)
    const columns = target.columns.filter(({ generated }) => !generated)
    this.groups = this.tied(columns)
    const tied = new Set(this.groups.flat())
    this.candidates = new Map(
      columns.map((column) => [
        column.name,
        tied.has(column) ? this.candidatesFor(column) : this.likeliest(column),
      ]),
    )
  }

  /**
   * The conditions to solve: one problem per group of columns that they tie together.
   * @param earlier rows of the same table, whose keys must not come again
   */
  problems(earlier: readonly Row[]): readonly Problem[] {
    return this.groups.map((members) => ({
      variables: members.map((column) => this.variable(column)),
      conditions: this.conditions(members, earlier),
    }))
  }

  /** The row, given the solutions of {@link problems}: elsewhere, and where there is none, the likeliest value. */
  row(solutions: readonly (readonly number[] | undefined)[]): Row {
    const row = new Map<string, Candidate>()
    for (const [name, candidates] of this.candidates) row.set(name, candidates[0] ?? { kind: 'null' })
    for (const [group, members] of this.groups.entries()) {
      for (const [index, { name }] of members.entries()) {
        const candidate = this.candidates.get(name)?.[solutions[group]?.[index] ?? 0]
        if (candidate !== undefined) row.set(name, candidate)
      }
    }
    return row
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

  /** For a column that no condition talks about. */
  private likeliest(column: SeedColumn): readonly Candidate[] {
    const slot = this.slot(column)
    const values =
      slot === undefined
        ? seedValues(this.context.catalog.types, column.type, column.typmod, this.place(column))
        : this.context.values.around(slot, this.number)
    return values.slice(0, 1).map((text) => ({ kind: 'literal', text }))
  }

  private place(column: SeedColumn): SeedPlace {
    const bound = this.isBound(column)
    return {
      row: this.number,
      slot: firstFreeSlot + this.table.ordinal * 16 + (column.number % 16),
      key: bound || isKeyColumn(this.table, column),
      far: bound && this.target.isDefault,
    }
  }

  private candidatesFor(column: SeedColumn): readonly Candidate[] {
    const slot = this.slot(column)
    const nothing: readonly Candidate[] = this.isNullable(column) ? [{ kind: 'null' }] : []
    if (slot !== undefined) {
      const values = this.context.values.around(slot, this.number)
      const literals = values.map((text): Candidate => ({ kind: 'literal', text }))
      return [...literals, ...nothing]
    }
    const literals = literalsFor(this.context.catalog, column, this.hints(column), this.place(column))
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
    return boundPredicate(this.target)?.columns.includes(name) === true
  }

  private hints({ name, type }: SeedColumn): Hints {
    const domains = domainPredicates(this.context.catalog, type)
    return mergedHints([
      ...this.predicates.map(({ hints }) => hints.get(name)),
      ...domains.map(({ hints }) => hints.get('value')),
    ])
  }

  private variable({ name, type }: SeedColumn): Variable {
    return {
      candidates: this.candidates.get(name) ?? [],
      type: baseTypeOf(this.context.catalog, type)?.sql ?? 'text',
    }
  }

  /** Columns that conditions tie together, each group solved on its own. */
  private tied(columns: readonly SeedColumn[]): readonly (readonly SeedColumn[])[] {
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
    return groups.map((names) => columns.filter(({ name }) => names.has(name)))
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
