import type { MigrationResult } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import {
  latest,
  queryState,
  type PlanChangeEffect,
  type Query,
  type TableReadEffect,
} from '../core/query-model.ts'
import { causeOf } from './cause.ts'
import { planChanges, type IsGone, type PlanSide, type TableRead } from './compare-plans.ts'
import type { InflatedCopy } from './inflated-copy.ts'
import { relationReads, type IndexNames } from './plan-shape.ts'
import type { Plan } from './plan.ts'
import type { PlannedQuery, PlannedVariant } from './planned-query.ts'
import type { PlannedTable, Side } from './planning-copy.ts'
import type { PlanningServer } from './planning-server.ts'
import { planMemory, type PlanMemory } from './planner-settings.ts'
import { adviseIndex } from './recommend.ts'
import { wholeTableReads, type WholeTableRead } from './table-reads.ts'

/** Says what is worse for one query after the other. */
export class QueryJudge {
  readonly #copy: InflatedCopy
  readonly #production: Production
  readonly #results: readonly MigrationResult[]
  readonly #debug: ((message: string) => void) | undefined
  readonly #memory: PlanMemory
  readonly #isGone: IsGone | undefined
  readonly #tables: Readonly<Record<Side, Tables>>
  readonly #indexes: Readonly<Record<Side, IndexNames>>

  constructor(
    copy: InflatedCopy,
    { server }: PlanningServer,
    production: Production,
    results: readonly MigrationResult[],
    debug: ((message: string) => void) | undefined,
  ) {
    this.#copy = copy
    this.#production = production
    this.#results = results
    this.#debug = debug
    this.#memory = planMemory(production.planner?.settings ?? {}, server.major)
    this.#indexes = { before: copy.indexNames('before'), after: copy.indexNames('after') }
    this.#tables = { before: new Tables(copy.tables('before')), after: new Tables(copy.tables('after')) }
    this.#isGone =
      copy.statistics === 'sizes only' ? this.#tables.after.isGone(this.#indexes.after) : undefined
  }

  async effects(planned: PlannedQuery): Promise<readonly (PlanChangeEffect | TableReadEffect)[]> {
    const change = this.#planChange(planned)
    const state = queryState(planned.reviewed)
    const reads = state === 'new' || state === 'changed' ? await this.#tableReads(planned) : []
    return [...(change === undefined ? [] : [change]), ...reads]
  }

  /** Of all values of the parameters, those with which most is lost. Old code counts where new code has no old plan. */
  #planChange({ variants, oldVariants }: PlannedQuery): PlanChangeEffect | undefined {
    const isComparable = ({ before, after }: PlannedVariant): boolean =>
      before !== undefined && after !== undefined
    const compared = variants.some(isComparable) ? variants : oldVariants
    const effects = compared.flatMap((variant) => this.#compared(variant) ?? [])
    const [worst] = effects.toSorted((a, b) => ratioOf(b) - ratioOf(a))
    // the plan for any values comes first, and is told unless others are clearly worse
    return worst && effects.find((effect) => ratioOf(effect) * clearly >= ratioOf(worst))
  }

  #compared({ before, after, description }: PlannedVariant): PlanChangeEffect | undefined {
    if (before === undefined || after === undefined) return undefined
    const sides = [this.#side('before', before), this.#side('after', after)] as const
    const { statistics } = this.#copy
    const changes = planChanges(...sides, this.#memory, this.#isGone)
    if (changes.length === 0) return undefined
    const cause = causeOf(changes, ...sides, this.#results)
    return {
      kind: 'plan change',
      before: before.summary,
      after: after.summary,
      changes,
      ...(cause === undefined ? {} : { cause }),
      statistics,
      parameters: description,
    }
  }

  #side(side: Side, plan: Plan): PlanSide {
    const tables = this.#tables[side]
    const reads = relationReads(plan.root, this.#indexes[side]).flatMap((read): readonly TableRead[] => {
      const table = tables.find(read.relation)
      if (table === undefined) return []
      const root = tables.root(table)
      return [
        {
          ...read,
          root: root.oid,
          rootName: `${root.schema}.${root.name}`,
          rows: table.rows,
          hasValues: hasValues(table) || hasValues(root),
        },
      ]
    })
    return { plan, reads }
  }

  async #tableReads({ reviewed, variants }: PlannedQuery): Promise<readonly TableReadEffect[]> {
    const query = latest(reviewed)
    const effects = new Map<string, TableReadEffect>()
    for (const variant of variants) {
      if (variant.after === undefined) continue
      for (const read of wholeTableReads(this.#side('after', variant.after))) {
        if (!effects.has(read.table))
          effects.set(read.table, await this.#tableRead(query, variant, variant.after, read))
      }
    }
    return [...effects.values()]
  }

  async #tableRead(
    query: Query,
    { parameters, description }: PlannedVariant,
    plan: Plan,
    { root, table, tableRows, rows }: WholeTableRead,
  ): Promise<TableReadEffect> {
    const advice = await this.#advice(query, parameters, plan, root)
    return {
      kind: 'table read',
      table,
      tableRows: Math.round(tableRows),
      rows,
      plan: plan.summary,
      statistics: this.#copy.statistics,
      parameters: description,
      ...(advice === undefined ? {} : { advice }),
    }
  }

  async #advice(
    query: Query,
    parameters: PlannedVariant['parameters'],
    plan: Plan,
    root: number,
  ): Promise<TableReadEffect['advice']> {
    const table = this.#tables.after.get(root)
    if (table === undefined) return undefined
    try {
      return await adviseIndex(this.#copy, {
        query,
        plan,
        ...(parameters === undefined ? {} : { parameters }),
        table,
        production: this.#production,
      })
    } catch (error) {
      this.#copy.signal.throwIfAborted()
      this.#debug?.(`plans: no index was tried for ${query.name}: ${String(error)}`)
      return undefined
    }
  }
}

/** A table that is small may have no column worth a list of values. */
const fewRows = 100

function hasValues({ columns, rows = 0 }: PlannedTable): boolean {
  return rows < fewRows || columns.some(({ statistics }) => statistics?.hasValues === true)
}

const clearly = 1.5

function ratioOf({ before, after }: PlanChangeEffect): number {
  return after.cost / Math.max(before.cost, 0.01)
}

/** The tables of a side by name and by OID. */
class Tables {
  readonly #byName: ReadonlyMap<string, PlannedTable>
  readonly #byOid: ReadonlyMap<number, PlannedTable>

  constructor(tables: readonly PlannedTable[]) {
    this.#byName = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]))
    this.#byOid = new Map(tables.map((table) => [table.oid, table]))
  }

  find(name: string): PlannedTable | undefined {
    return this.#byName.get(name)
  }

  get(oid: number): PlannedTable | undefined {
    return this.#byOid.get(oid)
  }

  /** An index that was there before goes by what it was before, as plans name it. */
  isGone(signatureOf: IndexNames): IsGone {
    const there = new Set(
      [...this.#byOid.values()].flatMap((table) =>
        table.indexes.map(
          ({ schema, name, signature }) =>
            `${this.root(table).oid} ${signatureOf(schema, name) ?? signature}`,
        ),
      ),
    )
    return (root, signature) => !there.has(`${root} ${signature}`)
  }

  root(table: PlannedTable): PlannedTable {
    const parent = table.partitionOf === undefined ? undefined : this.#byOid.get(table.partitionOf)
    return parent === undefined ? table : this.root(parent)
  }
}
