import { loadParser } from '../sql/parse.ts'
import { withoutLiterals } from '../sql/without-literals.ts'
import type { Snapshot, SnapshotStatement } from './format.ts'

/** The snapshot with statements that hold no literal and no comment; those that are equal then are one. */
export async function normaliseStatements(snapshot: Snapshot): Promise<Snapshot> {
  const { statements } = snapshot
  if (snapshot.statementsNormalised) return snapshot
  if (statements === null || statements.list.length === 0) return { ...snapshot, statementsNormalised: true }
  await loadParser()
  const merged = new Map<string, SnapshotStatement>()
  let unparsed = 0
  for (const statement of statements.list) {
    const sql = withoutLiterals(statement.sql)
    if (sql === undefined) unparsed += 1
    else merged.set(sql, merge({ ...statement, sql }, merged.get(sql)))
  }
  const list = [...merged.values()].sort((a, b) => (a.sql < b.sql ? -1 : 1))
  const leftOut = { ...statements.leftOut, unparsed: statements.leftOut.unparsed + unparsed }
  return { ...snapshot, statementsNormalised: true, statements: { ...statements, list, leftOut } }
}

function merge(one: SnapshotStatement, other: SnapshotStatement | undefined): SnapshotStatement {
  if (other === undefined) return one
  const callsPerSecond = one.callsPerSecond + other.callsPerSecond
  if (callsPerSecond === 0) return one
  const mean = (key: 'meanMs' | 'rowsPerCall'): number =>
    (one[key] * one.callsPerSecond + other[key] * other.callsPerSecond) / callsPerSecond
  return {
    sql: one.sql,
    callsPerSecond: rounded(callsPerSecond, 2),
    meanMs: rounded(mean('meanMs'), 2),
    rowsPerCall: rounded(mean('rowsPerCall'), 3),
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits))
}
