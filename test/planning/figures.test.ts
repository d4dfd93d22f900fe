import { describe, expect, test } from 'vitest'
import type { CatalogChange, EvidencedEffect, MigrationResult } from '../../src/core/model.ts'
import type { PlanChange } from '../../src/core/query-model.ts'
import { causeOf } from '../../src/planning/cause.ts'
import type { PlanSide } from '../../src/planning/compare-plans.ts'
import { figuresAfter } from '../../src/planning/figures-after.ts'
import { knownTables, statisticsOf } from '../../src/planning/known-tables.ts'
import type { CatalogIndex, CatalogTable, SideCatalog } from '../../src/planning/side-catalog.ts'
import { figuresBefore } from '../../src/planning/side-facts.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migration } from '../replay/laboratory.ts'
import { madeUpProduction, madeUpTable } from './made-up.ts'

function table(oid: number, name: string, more: Partial<CatalogTable> = {}): CatalogTable {
  return {
    oid,
    schema: 'public',
    name,
    kind: 'table',
    path: `base/5/${oid}`,
    filenode: oid,
    partitionOf: null,
    foreignKeys: [],
    ...more,
  }
}

function index(oid: number, of: number, name: string, columns = 'id'): CatalogIndex {
  return {
    oid,
    table: of,
    schema: 'public',
    name,
    method: 'btree',
    isPartitioned: false,
    unique: false,
    enforces: false,
    valid: true,
    path: `base/5/${oid}`,
    filenode: oid,
    attnums: [1],
    keys: [{ column: columns }],
    predicate: null,
    definition: `CREATE INDEX ${name} ON public.t USING btree (${columns})`,
  }
}

/** Of tables with columns `id` (bigint) and `note` (text). */
function catalog(
  tables: readonly CatalogTable[],
  indexes: readonly CatalogIndex[] = [],
  idType = 20,
): SideCatalog {
  const type = { equals: 1, less: 2, isTrusted: true, isText: false, deduplicates: true }
  const column = { notNull: true, collation: 0 }
  return {
    tables: new Map(tables.map((one) => [one.oid, one])),
    indexes: new Map(indexes.map((one) => [one.oid, one])),
    columns: new Map(
      tables.map(({ oid }) => [
        oid,
        [
          { ...column, relation: oid, attnum: 1, name: 'id', type: 'bigint', typeOid: idType },
          { ...column, relation: oid, attnum: 2, name: 'note', type: 'text', typeOid: 25 },
        ],
      ]),
    ),
    types: new Map([
      [20, { ...type, type: 20, base: 20, length: 8 }],
      [23, { ...type, type: 23, base: 23, length: 4 }],
      [25, { ...type, type: 25, base: 25, length: -1, isText: true }],
    ]),
  }
}

const columns = { id: {}, note: { width: 20 } }

describe('sizes of both sides', () => {
  test('a table that has grown since the last ANALYZE, and one that the configuration knows better', () => {
    const { tables, planner, ...rest } = madeUpProduction([
      madeUpTable('t', 1000, columns, [{ name: 't_id', method: 'btree', rows: 1000, pages: 5 }]),
    ])
    const grown = tables.map((one) => ({
      ...one,
      rows: 100_000,
      heapBytes: 8192 * 1300,
      from: 'configuration' as const,
    }))
    const known = knownTables({ ...rest, tables: grown, ...(planner === undefined ? {} : { planner }) })
    expect(known.get('public.t')).toMatchObject({ rows: 100_000, pages: 1300, allVisiblePages: 1300 })
    expect(known.get('public.t')?.indexes.get('t_id')).toMatchObject({ rows: 100_000, pages: 500 })
  })

  test('what is known of values decides how plans are called', () => {
    const production = madeUpProduction([madeUpTable('t', 1000, columns)])
    expect(statisticsOf(production)).toBe('with value statistics')
    expect(statisticsOf(madeUpProduction([madeUpTable('t', 1, columns)], { hasValues: false }))).toBe(
      'without value statistics',
    )
    expect(statisticsOf(madeUpProduction([madeUpTable('t', 1)], { hasValues: false }))).toBe('sizes only')
  })

  test('partitions that nobody knows have equal shares of their parent', () => {
    const side = catalog([
      table(1, 't', { kind: 'partitioned table', path: null }),
      table(2, 't_1', { partitionOf: 1 }),
      table(3, 't_2', { partitionOf: 1 }),
    ])
    const { tables } = figuresBefore(
      side,
      knownTables(madeUpProduction([madeUpTable('t', 1_000_000, columns)])),
    )
    expect([...tables.values()].map(({ rows }) => rows)).toEqual([1_000_000, 500_000, 500_000])
    expect(tables.get(1)?.pages).toBe(0)
    expect(tables.get(2)?.pages).toBeGreaterThan(5000)
  })

  test('tables keep theirs by their OIDs, a rewrite changes the width, an index goes by what it serves', () => {
    const known = knownTables(
      madeUpProduction([
        madeUpTable('t', 1_000_000, columns, [
          { name: 't_id', method: 'btree', rows: 1_000_000, pages: 2745 },
        ]),
      ]),
    )
    const old = catalog([table(1, 't')], [index(10, 1, 't_id')])
    const before = { catalog: old, figures: figuresBefore(old, known) }
    const next = catalog(
      [table(1, 'renamed', { filenode: 99 }), table(2, 'fresh')],
      [index(11, 1, 'other'), index(12, 1, 'note', 'note')],
      23,
    )
    const after = figuresAfter(before, next, new Set())
    const heap = before.figures.tables.get(1)?.pages ?? 0
    expect(after.tables.get(1)).toMatchObject({
      rows: 1_000_000,
      allVisiblePages: 0,
      pages: Math.ceil((heap * 52) / 56),
    })
    expect(after.tables.get(1)?.columns.get(1)?.width).toBe(4)
    expect(after.tables.has(2)).toBe(false)
    expect(after.indexes.get(11)).toMatchObject({ pages: 2745, isEstimated: false, levels: 2 })
    expect(after.indexes.get(12)?.isEstimated).toBe(true)
    expect(figuresAfter(before, next, new Set([1])).tables.size).toBe(0)
  })
})

describe('the cause of a worse plan', () => {
  const catalogEffect = (kind: string, name: string, change: CatalogChange): EvidencedEffect => ({
    kind: 'catalog',
    object: { kind, schema: 'public', name, ...(kind === 'table' ? {} : { table: 'public.t' }) },
    existedBefore: true,
    change,
    evidence: { by: 'prediction' } as unknown as EvidencedEffect['evidence'],
  })
  const add = catalogEffect('table', 't', {
    type: 'add column',
    column: { name: 'x', type: 'int', notNull: false, filled: false },
  })
  const dropIndex = catalogEffect('index', 't_id', { type: 'drop', cascaded: false })
  const dropColumn = catalogEffect('table', 't', { type: 'drop column', column: 'y' })
  const side = {
    plan: {} as PlanSide['plan'],
    reads: [
      { relation: 'public.t', rootName: 'public.t', indexes: [{ name: 't_id', signature: '', columns: [] }] },
    ],
  } as unknown as PlanSide
  const lost: readonly PlanChange[] = [{ type: 'lost index', table: 'public.t', index: 't_id' }]

  function results(...effects: readonly EvidencedEffect[]): readonly MigrationResult[] {
    const one = migration(effects.map((_, at) => `select ${at};`).join('\n'), 'file')
    const statements = one.statements.map((statement, at) => ({
      statement,
      effects: effects.slice(at, at + 1),
      settings: {},
      measured: true,
    }))
    return [{ migration: one, outcome: 'rehearsed', statements } as unknown as MigrationResult]
  }

  test('is what took the index away, else what took a column, else what changed the table', async () => {
    await loadParser()
    expect(causeOf(lost, side, side, results(add, dropColumn, dropIndex))).toMatchObject({ index: 2 })
    expect(causeOf(lost, side, side, results(add, dropColumn))).toMatchObject({ index: 1 })
    expect(causeOf(lost, side, side, results(add))).toMatchObject({ index: 0 })
    expect(causeOf(lost, side, side, results())).toBeUndefined()
  })
})
