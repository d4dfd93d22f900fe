/** Versions that two branches have both taken, and migrations that come too late once the other branch is merged. */
import { scriptKey } from '../core/script-name.ts'
import type { MigrationScript, OtherBranch, OutOfOrder } from '../core/source.ts'

/** What is wrong with the order of two branches. */
export interface OrderCollision {
  readonly messageId: 'version' | 'order'
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly summary: string
  readonly notes: readonly string[]
  /** The file under review that it is about. */
  readonly file: string
}

export interface OrderOutcome {
  readonly collisions: readonly OrderCollision[]
  /** What is worth saying and no harm. */
  readonly lines: readonly string[]
}

/** Compares them by the order in which the tool would run everything once both are merged. Pure. */
export function orderCollisions(ours: readonly MigrationScript[], branch: OtherBranch): OrderOutcome {
  const taken = branch.problems.map(({ message, file }): OrderCollision => ({
    messageId: 'version',
    severity: 'error',
    message: withRef(message, branch),
    summary: `Give one of the two another version, before ${branch.ref} is merged too.`,
    notes: [],
    file: ours.some((script) => script.file === file)
      ? file
      : (ours.find((script) => message.includes(script.file))?.file ?? ours[0]?.file ?? file),
  }))
  const late = lateScripts(ours, branch)
  return { collisions: [...taken, ...late.collisions], lines: late.lines }
}

function withRef(message: string, { ref, scripts }: OtherBranch): string {
  const theirs = scripts.find(({ file }) => message.includes(file))
  return theirs === undefined || message.includes(ref) ? message : `${message} ${theirs.file} is on ${ref}.`
}

/** Two of a pair, the first of which sorts before the other. */
interface Late {
  readonly late: MigrationScript
  readonly before: MigrationScript
  readonly rule: OutOfOrder
}

function lateScripts(ours: readonly MigrationScript[], branch: OtherBranch): OrderOutcome {
  const { ref, scripts, order } = branch
  const places = new Map(order.map((one, index) => [scriptKey(one), index]))
  const own = lateOf(ours, scripts, places, branch.whenOutOfOrder)
  const others = lateOf(scripts, ours, places, branch.whenOutOfOrder)
  const lines: string[] = []
  const collisions: OrderCollision[] = []
  for (const { late, before, rule } of own) {
    if (rule.outcome === 'runs')
      lines.push(`${late.file} sorts before ${before.file} of ${ref}: ${rule.says}`)
    else
      collisions.push({
        messageId: 'order',
        severity: 'error',
        message: `If ${ref} is merged first, ${late.file} comes too late: it sorts before ${before.file}, and ${rule.says}.`,
        summary: `Merge this first, or give ${late.file} a version after that of ${before.file}.`,
        notes: [],
        file: late.file,
      })
  }
  for (const { late, before, rule } of others) {
    if (rule.outcome === 'runs')
      lines.push(`${late.file} of ${ref} sorts before ${before.file}: ${rule.says}`)
    else
      collisions.push({
        messageId: 'order',
        severity: 'warning',
        message: `If this is merged first, ${late.file} of ${ref} comes too late: it sorts before ${before.file}, and ${rule.says}.`,
        summary: `Merge ${ref} first, or give its migration a version after that of ${before.file}.`,
        notes: own.length === 0 ? [] : ['Neither order of merging them works as they are.'],
        file: before.file,
      })
  }
  return { collisions, lines }
}

/** Those that sort before one of the others, each with the last of these; where the tool's way is known. */
function lateOf(
  scripts: readonly MigrationScript[],
  others: readonly MigrationScript[],
  places: ReadonlyMap<string, number>,
  usual: OutOfOrder | undefined,
): readonly Late[] {
  const placed = others.filter(isOrdered).toSorted((a, b) => placeOf(b, places) - placeOf(a, places))
  return scripts.filter(isOrdered).flatMap((late): readonly Late[] => {
    const rule = late.whenOutOfOrder ?? usual
    const at = placeOf(late, places)
    // two of one version are a defect of their own
    const before = placed.find((other) => other.version === null || other.version !== late.version)
    if (rule === undefined || at < 0 || before === undefined || placeOf(before, places) <= at) return []
    // files without versions grow side by side
    if (late.version === null && rule.outcome === 'runs') return []
    return [{ late, before, rule }]
  })
}

function isOrdered({ repeatable, draft }: MigrationScript): boolean {
  return !repeatable && draft !== true
}

function placeOf(script: MigrationScript, places: ReadonlyMap<string, number>): number {
  return places.get(scriptKey(script)) ?? -1
}
