import { expect, test } from 'vitest'
import { plannerFacts } from '../../src/production/planner-facts.ts'
import type { Snapshot } from '../../src/snapshot/format.ts'

const column = { name: 'status', nullFraction: 0.1, distinct: 3, width: 6 }

const snapshot = {
  containsValues: true,
  server: {
    blockSize: 16_384,
    encoding: 'UTF8',
    collation: 'de_DE.UTF-8',
    ctype: 'de_DE.UTF-8',
    localeProvider: 'icu',
    locale: 'de',
  },
  settings: { random_page_cost: 1.1, work_mem: 4_194_304 },
  tables: [
    {
      schema: 'public',
      name: 'orders',
      kind: 'table',
      rows: 5000,
      rowsFrom: 'reltuples',
      pages: 50,
      bytes: 819_200,
      allVisiblePages: 40,
      columns: [
        column,
        { ...column, name: 'id', values: { mostCommon: '{1}', frequencies: [0.5], histogram: '{1,2}' } },
      ],
      indexes: [
        {
          name: 'orders_pkey',
          method: 'btree',
          primary: true,
          unique: true,
          rows: null,
          pages: null,
          bytes: null,
        },
        { name: 'orders_lower', method: 'btree', rows: 5000, pages: 9, bytes: 1, columns: [column] },
      ],
    },
    { schema: 'public', name: 'uncounted', kind: 'table', rows: null, pages: null, bytes: null, indexes: [] },
  ],
} as unknown as Snapshot

test('what the planner knows, in pages of 8 kB, without what nobody counted', () => {
  expect(plannerFacts(snapshot)).toEqual({
    tables: [
      {
        schema: 'public',
        name: 'orders',
        kind: 'table',
        rows: 5000,
        pages: 100,
        allVisiblePages: 80,
        columns: [
          column,
          { ...column, name: 'id', mostCommon: '{1}', frequencies: [0.5], histogram: '{1,2}' },
        ],
        indexes: [
          { name: 'orders_pkey', method: 'btree' },
          { name: 'orders_lower', method: 'btree', rows: 5000, pages: 18, columns: [column] },
        ],
      },
      { schema: 'public', name: 'uncounted', kind: 'table', indexes: [] },
    ],
    settings: { random_page_cost: 1.1, work_mem: 4_194_304 },
    encoding: 'UTF8',
    collation: 'de_DE.UTF-8',
    ctype: 'de_DE.UTF-8',
    localeProvider: 'icu',
    locale: 'de',
    hasValues: true,
  })
})
