/** Does this run know enough to call a finding of an earlier run fixed? */
import { hashPath } from './match.ts'
import type { Limit, Report } from '../core/model.ts'
import type { Marker } from './model.ts'

/** Limits that take nothing away from what is known of a file. */
const harmlessLimits: readonly string[] = ['depends-on-data', 'edited-migration', 'out-of-order']

/**
 * Why a finding that is gone from the report may still be there; undefined when the report looked at least as
 * closely as the run that found it. A file that is not in the report was deleted or renamed, unless a limit names it.
 */
export function knowsLess(marker: Marker, report: Report): string | undefined {
  const { pathHash } = marker
  const migration = report.migrations.find(({ file }) => hashPath(file) === pathHash)
  if (migration === undefined) {
    return pathHash !== undefined && limitsName(pathHash, report)
      ? 'its file was not judged in this run'
      : undefined
  }
  if (marker.evidence !== 'measured') return undefined
  if (migration.outcome === 'not rehearsed' || migration.outcome === 'predicted')
    return 'it was measured before, and its migration was not rehearsed in this run'
  if (migration.statements.some(({ measured }) => !measured))
    return 'it was measured before, and not every statement of its migration was measured in this run'
  return limitsName(hashPath(migration.file), report)
    ? 'it was measured before, and not everything about its migration could be seen in this run'
    : undefined
}

function limitsName(pathHash: string, report: Report): boolean {
  const prefix = report.project?.prefix ?? ''
  return report.notChecked.some(
    (limit) =>
      !harmlessLimits.includes(limit.code) &&
      filesIn(limit).some((file) => hashPath(file) === pathHash || hashPath(prefix + file) === pathHash),
  )
}

/** The file of the limit, and every word of its sentence that could be one. */
function filesIn({ span, message }: Limit): readonly string[] {
  const words = message.split(' ').map((word) => word.replace(/[,.:;]+$/, ''))
  return span === undefined ? words : [span.file, ...words]
}
