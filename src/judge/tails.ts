import { addTimes, nothing, type Duration, type SizedTable, type StatementCost } from '../core/cost-model.ts'
import type { TransactionView } from '../rule.ts'
import { isOpaque } from '../sql/statement-nodes.ts'
import type { Run } from './recorder.ts'
import type { PlacedStatement } from './views.ts'

/** A statement and all that follow it until the commit: as long as a lock is held that the first of them takes. */
export interface Tail {
  /** Absent when that of one of them is not known. */
  readonly durationMs?: Duration
  /** The largest whose size decides, largest first. */
  readonly tables: readonly SizedTable[]
  /** Some of those whose size is not known. */
  readonly unknownTables: readonly string[]
  /**
   * Some of it is code, or a DELETE that rows of others may refer to, of which only the sizes of tables are known: it may
   * read them once, or once per row.
   */
  readonly isGuess: boolean
}

const mostTables = 3
const end: Tail = { durationMs: nothing, tables: [], unknownTables: [], isGuess: false }

/** Sums from each statement to the end of its transaction, made once per transaction: some have thousands. */
export class Tails {
  private readonly run: Run
  private readonly known = new Map<TransactionView, ReadonlyMap<PlacedStatement, Tail>>()

  constructor(run: Run) {
    this.run = run
  }

  from(placed: PlacedStatement): Tail {
    const tails = this.known.get(placed.transaction) ?? this.sumUp(placed.transaction)
    this.known.set(placed.transaction, tails)
    return tails.get(placed) ?? end
  }

  private sumUp(transaction: TransactionView): ReadonlyMap<PlacedStatement, Tail> {
    const tails = new Map<PlacedStatement, Tail>()
    let tail = end
    for (const { statement } of transaction.statements.toReversed()) {
      const placed = this.run.placed(statement)
      if (placed === undefined) continue
      tail = before(tail, placed)
      tails.set(placed, tail)
    }
    return tails
  }
}

function before(tail: Tail, { result: { cost, statement } }: PlacedStatement): Tail {
  const durationMs = statement.tag === 'TransactionStmt' ? nothing : cost?.durationMs
  return {
    ...(durationMs === undefined || tail.durationMs === undefined
      ? {}
      : { durationMs: addTimes(durationMs, tail.durationMs) }),
    tables: largest([...(cost?.tables ?? []), ...tail.tables]),
    isGuess:
      tail.isGuess ||
      (cost?.basis.by === 'structure' && (isOpaque(statement) || statement.tag === 'DeleteStmt')),
    unknownTables: [...new Set([...(cost?.unknownTables ?? []), ...tail.unknownTables])].slice(0, mostTables),
  }
}

function largest(tables: StatementCost['tables']): readonly SizedTable[] {
  const byName = new Map(tables.map((table) => [table.table, table]))
  const size = ({ bytes, rows }: SizedTable): number => bytes ?? rows
  return [...byName.values()].toSorted((a, b) => size(b) - size(a)).slice(0, mostTables)
}
