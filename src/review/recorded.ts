import type { MigrationScript, SourceProblem } from '../core/source.ts'
import type { Sides } from './compare.ts'

/**
 * The first old script that the tool's books know otherwise than the files do now, or in another order: where each
 * script is recorded with what comes before it (Sqitch), databases that have run it take nothing more.
 */
export function unrecordedProblems(sides: Sides): readonly SourceProblem[] {
  const { versions, baseKey, headKey, baseScripts, headScripts } = sides
  const recorded = versions.base.scripts.filter(isRecorded)
  const before = recorded.filter((script) => headScripts.has(baseKey(script)))
  const after = versions.head.scripts.filter(
    (script) => isRecorded(script) && baseScripts.has(headKey(script)),
  )
  for (const [index, script] of after.entries()) {
    const old = before[index]
    if (old === undefined) continue
    if (baseKey(old) !== headKey(script)) return [problemOf(script, 'has another place now')]
    if (old.recordedAs !== script.recordedAs) return [problemOf(script, 'is planned otherwise now')]
  }
  const gone = recorded.find(
    (script) => !headScripts.has(baseKey(script)) && !versions.isTouched(script.file),
  )
  return gone === undefined || !versions.knowsDeletions ? [] : [problemOf(gone, 'has left the plan')]
}

function isRecorded({ recordedAs }: MigrationScript): boolean {
  return recordedAs !== undefined
}

function problemOf({ title, file }: MigrationScript, what: string): SourceProblem {
  const message = `${title} has already been merged and ${what}: databases that have it no longer find it in the plan, and nothing is deployed to them.`
  const remedy = 'Leave what was merged as it is, and add to the end.'
  return { code: 'refused-by-tool', file, message, severity: 'error', remedy }
}
