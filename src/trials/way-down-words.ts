import type { ReportTrial } from '../core/model.ts'
import type { MigrationScript } from '../core/source.ts'
import type { WayDownPlan } from './way-down-plan.ts'

/** Names a migration in a title: its file, and which of it where it holds several. */
export function aboutScript({ file, id, title }: MigrationScript): string {
  return id === undefined ? file : `${file} (${title})`
}

/** A paragraph about the migration that has no way down, which also says whose is not tried for that reason. */
export function leftTrials({ left }: WayDownPlan): readonly ReportTrial[] {
  const end = left.find(({ why }) => why === 'none')
  if (end === undefined) return []
  const behind = left.filter(({ why, up }) => why === 'behind' && up.script.down !== undefined)
  const files = behind.map(({ up }) => aboutScript(up.script))
  const more =
    files.length === 0
      ? ''
      : ` What comes before it was not taken back either: ${shortened(files, mostFiles)
          .join(', ')
          .replace(/, and (?=\d+ more$)/, ' and ')}.`
  const says = `It has no way down.${more}`
  return [{ kind: 'way down', about: aboutScript(end.up.script), outcome: 'not tried', says, lines: [] }]
}

const mostFiles = 3

/** Lines of a receipt, the rest counted. */
export function shortened(lines: readonly string[], most: number): readonly string[] {
  const more = lines.length - most
  return more > 1 ? [...lines.slice(0, most), `and ${more} more`] : lines
}
