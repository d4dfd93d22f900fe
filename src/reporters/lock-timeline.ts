import { lockStrength } from '../core/locks.ts'
import type {
  LockEffect,
  LockMode,
  Relation,
  Report,
  ReportMigration,
  ReportStatement,
} from '../core/model.ts'

/** Which locks on existing relations a migration holds, statement by statement. */
export interface LockTimeline {
  readonly columns: readonly TimelineColumn[]
  /** The strongest first. */
  readonly rows: readonly TimelineRow[]
  /** Locked indexes and TOAST tables whose table has a row of its own: not drawn. */
  readonly hidden: number
}

/** One statement. */
export interface TimelineColumn {
  /** From 1. */
  readonly number: number
  readonly line: number
  /** The transaction ends with this statement. */
  readonly commits: boolean
}

/** One relation that existed before the first migration under review. */
export interface TimelineRow {
  readonly relation: Relation
  readonly strongest: LockMode
  readonly segments: readonly TimelineSegment[]
}

/** A stretch of statements under one mode, the strongest held; columns from 0, `to` is exclusive. */
export interface TimelineSegment {
  readonly mode: LockMode
  readonly from: number
  readonly to: number
  /** Kept to the end of the transaction; else given back with its statement. */
  readonly kept: boolean
  /** Taken by an earlier file of the same transaction. */
  readonly openStart: boolean
  /** Kept for later files of the same transaction. */
  readonly openEnd: boolean
}

interface Held {
  readonly relation: Relation
  readonly mode: LockMode
  /** Taken by an earlier file. */
  readonly inherited: boolean
}

/** The strongest mode held on one relation while one statement runs. */
interface Cell extends Held {
  readonly column: number
  readonly transaction: number
  readonly kept: boolean
}

/**
 * The timeline of one migration. A lock lasts from the statement that takes it to the end of its
 * transaction, or of the statement where it is given back then.
 */
export function lockTimeline(report: Report, migration: ReportMigration): LockTimeline {
  const { statements } = migration
  const later = report.migrations.slice(report.migrations.indexOf(migration) + 1)
  const next = later.find((each) => each.statements.length > 0)?.statements[0]?.transaction
  const columns = statements.map(({ span, transaction }, index) => ({
    number: index + 1,
    line: span.start.line,
    commits: transaction !== (statements[index + 1]?.transaction ?? next),
  }))
  const cells = new Map<string, Cell[]>()
  for (const cell of collectCells(report, migration)) {
    const key = keyOf(cell.relation)
    const row = cells.get(key)
    if (row === undefined) cells.set(key, [cell])
    else row.push(cell)
  }
  const rows = [...cells.values()].map((row) => toRow(row, next, statements.length))
  const names = new Set(rows.map(({ relation }) => `${relation.schema}.${relation.name}`))
  const shown = rows.filter(({ relation }) => relation.table === undefined || !names.has(relation.table))
  return { columns, rows: shown.toSorted(byStrength), hidden: rows.length - shown.length }
}

/** Walks the whole run, because a transaction can span files. */
function collectCells(report: Report, migration: ReportMigration): readonly Cell[] {
  const cells: Cell[] = []
  let held = new Map<string, Held>()
  let current: number | undefined
  for (const each of report.migrations) {
    held = new Map([...held].map(([key, lock]) => [key, { ...lock, inherited: true }]))
    for (const [column, statement] of each.statements.entries()) {
      const { transaction } = statement
      if (transaction !== current) held = new Map()
      current = transaction
      const during = locksDuring(statement, held)
      if (each !== migration) continue
      for (const [key, lock] of during) {
        cells.push({ ...lock, column, transaction, kept: held.get(key)?.mode === lock.mode })
      }
    }
    if (each === migration) break
  }
  return cells
}

/** The locks in force while the statement runs; adds those that stay to `held`. */
function locksDuring({ effects }: ReportStatement, held: Map<string, Held>): ReadonlyMap<string, Held> {
  const during = new Map(held)
  for (const effect of effects) {
    if (effect.kind !== 'lock' || !effect.relation.existedBefore) continue
    strengthen(during, effect)
    if (effect.until === 'commit') strengthen(held, effect)
  }
  return during
}

function strengthen(locks: Map<string, Held>, { relation, mode }: LockEffect): void {
  const before = locks.get(keyOf(relation))
  if (before !== undefined && lockStrength(before.mode) >= lockStrength(mode)) return
  locks.set(keyOf(relation), { relation, mode, inherited: false })
}

function toRow(cells: readonly Cell[], next: number | undefined, columns: number): TimelineRow {
  const segments: (TimelineSegment & { readonly transaction: number })[] = []
  for (const { mode, column, transaction, kept, inherited } of cells) {
    const last = segments.at(-1)
    const openEnd = kept && column === columns - 1 && transaction === next
    const continues =
      last !== undefined && last.to === column && last.mode === mode && last.transaction === transaction
    if (continues) segments[segments.length - 1] = { ...last, to: column + 1, kept, openEnd }
    else {
      const openStart = inherited && column === 0
      segments.push({ mode, from: column, to: column + 1, kept, openStart, openEnd, transaction })
    }
  }
  const [strongest] = cells.map(({ mode }) => mode).toSorted((a, b) => lockStrength(b) - lockStrength(a))
  const [first] = cells
  if (first === undefined || strongest === undefined) throw new Error('a row of the timeline has no cell')
  return { relation: first.relation, strongest, segments }
}

function byStrength(a: TimelineRow, b: TimelineRow): number {
  return lockStrength(b.strongest) - lockStrength(a.strongest) || compare(a.relation.name, b.relation.name)
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function keyOf({ kind, schema, name }: Relation): string {
  return JSON.stringify([kind, schema, name])
}
