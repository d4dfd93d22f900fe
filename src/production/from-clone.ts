import type { Snapshot } from '../snapshot/format.ts'
import { factsOf } from './from-snapshot.ts'
import type { FileFacts } from './facts.ts'

/**
 * The facts that a clone knows of production: sizes, statistics and settings. Who uses the tables, how often, and who
 * replicates from it is told by production alone: the counters of a clone are those of its own short life.
 */
export async function factsOfClone(snapshot: Snapshot): Promise<FileFacts> {
  const quiet: Snapshot = {
    ...snapshot,
    statements: null,
    notRead: snapshot.notRead.filter(({ what }) => !/^(?:statements|rates|names, state)/.test(what)),
    tables: snapshot.tables.map(({ rates: _rates, ...table }) => table),
  }
  const {
    takenAt: _takenAt,
    replication: _none,
    ...facts
  } = await factsOf(quiet, 'of the clone of production')
  return {
    ...facts,
    kind: 'clone',
    tables: facts.tables.map((table) => ({ ...table, from: 'clone' })),
  }
}
