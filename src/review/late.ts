import type { MigrationScript, OutOfOrder, SourceProblem } from '../core/source.ts'
import type { Places } from './order.ts'
import { placeOf } from './scripts.ts'

/** New scripts that sort before one that databases have run, or will have when the branch is merged. */
export function lateProblems(places: Places): readonly SourceProblem[] {
  const { all, isReviewed, head } = places
  const old = new OldScripts(head.whenOutOfOrder)
  const late = new Map<MigrationScript, MigrationScript[]>()
  for (const script of all.toReversed()) {
    if (script.repeatable || script.draft === true) continue
    const later = isReviewed(script) ? old.after(script) : old.add(script)
    if (later !== undefined) late.set(later, [script, ...(late.get(later) ?? [])])
  }
  return [...late].toReversed().flatMap(([later, scripts]) => {
    // no harm done: one word for all of them
    const groups = head.whenOutOfOrder?.outcome === 'runs' ? [scripts] : scripts.map((script) => [script])
    return groups.map((group) => problemOf(group, later, places))
  })
}

/** Scripts that databases have run, met from the last to the first. */
class OldScripts {
  private readonly whenOutOfOrder: OutOfOrder | undefined
  private last: MigrationScript | undefined
  private lastOfOtherVersion: MigrationScript | undefined
  private readonly lastOfFile = new Map<string, MigrationScript>()

  constructor(whenOutOfOrder: OutOfOrder | undefined) {
    this.whenOutOfOrder = whenOutOfOrder
  }

  add(script: MigrationScript): undefined {
    this.last ??= script
    if (script.version !== this.last.version) this.lastOfOtherVersion ??= script
    if (!this.lastOfFile.has(script.file)) this.lastOfFile.set(script.file, script)
  }

  /** The last one, where the script comes too late for it. */
  after({ version, file }: MigrationScript): MigrationScript | undefined {
    // two of one version are a defect of their own
    if (version !== null) return version === this.last?.version ? this.lastOfOtherVersion : this.last
    if (this.whenOutOfOrder === undefined) return undefined
    // files without versions grow side by side, and only what stands between old scripts is out of the ordinary
    return this.whenOutOfOrder.outcome === 'runs' ? this.lastOfFile.get(file) : this.last
  }
}

function problemOf(
  [script, ...others]: readonly MigrationScript[],
  later: MigrationScript,
  { head, nameOf, isOthers, merged }: Places,
): SourceProblem {
  if (script === undefined) throw new Error('no script comes late')
  const whenOutOfOrder = script.whenOutOfOrder ?? head.whenOutOfOrder
  const outcome = whenOutOfOrder?.outcome
  const other = nameOf(later)
  const what =
    others.length === 0 ? `${nameOf(script)} sorts` : `${nameOf(script)} and ${others.length} more sort`
  const where = isOthers(later) ? `was merged to ${merged?.target} meanwhile` : 'has already been merged'
  const says =
    whenOutOfOrder?.says ?? 'whether databases that ran that one still run this one is up to the tool'
  const order = outcome === 'runs' ? ', but only a new database runs it in this order' : ''
  const place = placeOf(script)
  return {
    code: 'out-of-order-migration',
    file: script.file,
    message: `${what} before ${other}, which ${where}: ${says}${order}.`,
    severity: outcome === undefined ? 'warning' : outcome === 'runs' ? 'info' : 'error',
    remedy: script.version === null ? `Put it behind ${other}.` : `Give it a version after that of ${other}.`,
    notes: [
      others.length === 0
        ? 'It was rehearsed as the next one to run.'
        : 'They were rehearsed as the next ones to run.',
    ],
    ...(place === undefined ? {} : { place }),
  }
}
