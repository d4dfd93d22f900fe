import type { CheckOptions } from '../check-options.ts'
import type { Scripts } from '../judge-run.ts'
import { holdsSql } from '../sources/way-down.ts'

interface PlannedRun {
  readonly options: Pick<CheckOptions, 'down' | 'prove' | 'config'>
  readonly scripts: Pick<Scripts, 'parsed'>
  readonly byCommand?: { readonly tryDown?: unknown }
}

/** Is there anything to go back by, and did nobody say not to? */
export function wantsWayDown({ options, scripts, byCommand }: PlannedRun): boolean {
  const { down = options.prove !== false, config } = options
  if (!down || config.down === false) return false
  if (byCommand?.tryDown !== undefined) return true
  return scripts.parsed.some(
    ({ script: { down: way } }) => way !== undefined && holdsSql(way.text.slice(way.start, way.end)),
  )
}
