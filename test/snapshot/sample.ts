import type { Snapshot } from '../../src/snapshot/format.ts'

/** A small snapshot with everything that the format has. */
export const sample: Snapshot = {
  format: 'pgrehearse-snapshot',
  version: 1,
  takenAt: '2025-03-01T12:00:00Z',
  containsValues: false,
  statementsNormalised: true,
  server: {
    version: '16.3',
    database: 'shop',
    standby: false,
    encoding: 'UTF8',
    collation: 'en_US.UTF-8',
    ctype: 'en_US.UTF-8',
    localeProvider: 'icu',
    locale: 'en-US',
    blockSize: 8192,
    connections: 40,
    transactionsPerSecond: 320,
  },
  statistics: { since: '2025-01-01T00:00:00Z', sinceFrom: 'first start of the statistics' },
  settings: { TimeZone: 'UTC', shared_buffers: 8_589_934_592, jit: false, autovacuum_work_mem: -1 },
  replication: {
    standbys: [{ name: 'replica', state: 'streaming', sync: 'async', lagBytes: 0, lagMs: null }],
    slots: [{ name: 'replica', type: 'physical', active: true, retainedBytes: 0 }],
  },
  notRead: [{ what: 'statements of other roles: 3', remedy: 'Grant pg_monitor to the role.' }],
  statements: {
    since: null,
    list: [
      {
        sql: 'select total from orders where id = $1',
        callsPerSecond: 120,
        meanMs: 0.021,
        rowsPerCall: 1,
      },
    ],
    leftOut: { hidden: 3, otherCommands: 10, literals: 0, rare: 0, unparsed: 0 },
  },
  tables: [
    {
      schema: 'public',
      name: 'orders',
      kind: 'table',
      partitionOf: { schema: 'public', name: 'all_orders' },
      rows: 48_000_000,
      rowsFrom: 'reltuples',
      pages: 4_060_000,
      bytes: 33_300_000_000,
      bytesFrom: 'relpages',
      toastBytes: 8190,
      live: 48_000_000,
      dead: 1_200_000,
      rates: { sequentialScans: 0.0002, indexScans: 310, inserted: 3.1, updated: 9, deleted: 0 },
      columns: [{ name: 'id', nullFraction: 0, distinct: -1, width: 8, correlation: 0.98 }],
      indexes: [
        {
          name: 'orders_pkey',
          method: 'btree',
          primary: true,
          unique: true,
          rows: 48_000_000,
          pages: 131_000,
          bytes: 1_070_000_000,
          scansPerSecond: 310,
        },
      ],
    },
    { schema: 'public', name: 'new', kind: 'table', rows: null, pages: null, bytes: null, indexes: [] },
  ],
}
