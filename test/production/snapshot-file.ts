import type { Snapshot, SnapshotTable } from '../../src/snapshot/format.ts'

/** A table of a snapshot with what a test cares about. */
export function table(name: string, more: Partial<SnapshotTable> = {}): SnapshotTable {
  return {
    schema: 'public',
    name,
    kind: 'table',
    rows: 1000,
    pages: 10,
    bytes: 81_920,
    bytesFrom: 'relpages',
    indexes: [],
    ...more,
  }
}

/** A snapshot with what a test cares about. */
export function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    format: 'pgrehearse-snapshot',
    version: 1,
    takenAt: '2026-11-01T00:00:00Z',
    containsValues: false,
    statementsNormalised: true,
    server: {
      version: '16.3',
      database: 'shop',
      standby: false,
      encoding: 'UTF8',
      collation: 'C',
      ctype: 'C',
      localeProvider: 'libc',
      blockSize: 8192,
      connections: 20,
      transactionsPerSecond: 100,
    },
    statistics: { since: '2026-10-01T00:00:00Z', sinceFrom: 'reset of the statistics' },
    settings: {},
    replication: { standbys: [], slots: [] },
    tables: [],
    statements: null,
    notRead: [],
    ...more,
  }
}

/** Statements with their calls per second. */
export function statements(calls: Readonly<Record<string, number>>): Snapshot['statements'] {
  return {
    since: null,
    list: Object.entries(calls).map(([sql, callsPerSecond]) => ({
      sql,
      callsPerSecond,
      meanMs: 1,
      rowsPerCall: 1,
    })),
    leftOut: { hidden: 0, otherCommands: 0, literals: 0, rare: 0, unparsed: 0 },
  }
}
