import type { ReportTrial } from '../core/model.ts'
import type { MigrationScript } from '../core/source.ts'
import type { WayDownPlan } from './way-down-plan.ts'

/** Names a migration in a title: its file, and which of it where it holds several. */
export function aboutScript({ file, id, title }: MigrationScript): string {
  return id === undefined ? file : `${file} (${title})`
}

/** One paragraph per migration that is not taken back, in the order of `plan.left`. */
export function leftTrials({ left }: WayDownPlan): readonly ReportTrial[] {
  return left.map(({ up, why, behind }) => ({
    kind: 'way down',
    about: aboutScript(up.script),
    outcome: 'not tried',
    says:
      why === 'behind' && behind !== undefined
        ? `Its way down was not tried, because ${aboutScript(behind.script)} comes after it and has none.`
        : 'It has no way down.',
    lines: [],
  }))
}

/** Lines of a receipt, the rest counted. */
export function shortened(lines: readonly string[], most: number): readonly string[] {
  const more = lines.length - most
  return more > 1 ? [...lines.slice(0, most), `and ${more} more`] : lines
}
