/** Changes of plans, in words. */
import { displayKey } from './locks.ts'
import { formatCount, formatRows } from './quantities.ts'
import type { PlanChange, PlanStatistics, PlanSummary } from './query-model.ts'

/** `reads all 5,000,000 rows of orders`, `cost 12 times as much as before`: what one query does now, or several do. */
export function describePlanChange(change: PlanChange, isPlural = false): string {
  const s = isPlural ? '' : 's'
  switch (change.type) {
    case 'new sequential scan':
      return `read${s} all ${formatRows(change.rows)} of ${displayKey(change.table)}`
    case 'lost index':
      return `no longer uses ${displayKey(change.index)} on ${displayKey(change.table)}`
    case 'new sort':
      return `sort${s} ${formatRows(change.rows)} that came in order before`
    case 'sort spills':
      return `sort${s} ${formatRows(change.rows)} on disk`
    case 'hash spills':
      return `hash${isPlural ? '' : 'es'} ${formatRows(change.rows)} on disk`
    case 'cost':
      return `cost${s} ${times(change.ratio)} times as much as before`
  }
}

function times(ratio: number): string {
  return ratio >= 10 ? formatCount(ratio) : ratio.toFixed(1)
}

/** More lines of a shape nobody reads. */
const mostLines = 6

/** The plan in one line, what reads whole tables in front; costs only where statistics have values, since they mean little otherwise. */
export function describePlan({ shape, cost }: PlanSummary, statistics: PlanStatistics): string {
  const isScan = (line: string): boolean => line.startsWith('Seq Scan')
  const ordered = shape.toSorted((a, b) => Number(isScan(b)) - Number(isScan(a)))
  const lines = ordered.length > mostLines ? [...ordered.slice(0, mostLines), '…'] : ordered
  const costs = statistics === 'with value statistics' ? `, cost ${formatCount(Math.max(1, cost))}` : ''
  return `${lines.map(withoutPublic).join('; ')}${costs}`
}

/** As people call relations. */
function withoutPublic(line: string): string {
  return line.replace(/(?<=^[A-Z][A-Za-z ]* )public\./, '')
}

/** `, with any values (generic plan)`; nothing for a query without parameters. */
export function describeParameters(parameters: string): string {
  return parameters === 'none' ? '' : `, with ${parameters}`
}

/** What plans rest on, as a sentence. */
export function describeStatistics(statistics: PlanStatistics): string {
  switch (statistics) {
    case 'with value statistics':
      return 'Planned with production’s sizes and statistics.'
    case 'without value statistics':
      return 'Planned with production’s sizes and statistics, without value statistics: how many rows match is partly a guess.'
    case 'sizes only':
      return 'Planned with production’s sizes only, without column statistics: how many rows match is a guess.'
  }
}
