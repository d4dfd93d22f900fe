import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that took more than 15 s, the longest first. One that begins last keeps one worker busy alone; vitest itself goes
 * by the durations of the run before, which a fresh checkout does not have, and else by file size.
 */
const heavy: readonly string[] = [
  'test/replay/examples.test.ts',
  'test/cli/demo.test.ts',
  'test/cli/fix.test.ts',
  'test/cli/hooks.test.ts',
  'test/cli/ci-job.test.ts',
  'test/replay/suggestions.test.ts',
  'test/replay/history-cache.test.ts',
  'test/cli/review.test.ts',
  'test/pack/pack.test.ts',
  'test/sampling/sample-run.test.ts',
  'test/blocking/examples.test.ts',
  'test/replay/formats.test.ts',
  'test/replay/remedies.test.ts',
  'test/cli/bad-input.test.ts',
  'test/cli/policy.test.ts',
  'test/replay/remedy-equality.test.ts',
  'test/postgres/embedded.test.ts',
  'test/cli/review-one-job.test.ts',
  'test/replay/mutants.test.ts',
  'test/cli/check.test.ts',
  'test/planning/plan-queries.test.ts',
  'test/replay/gate.test.ts',
  'test/queries/untrusted.test.ts',
  'test/compatibility/check-compatibility.test.ts',
  'test/replay/prove-remedies.test.ts',
  'test/gitlab/fault-matrix.test.ts',
  'test/planning/plans-as-filled.test.ts',
]

/** Runs the heavy files of each project first, and the others as vitest does. */
export class HeavyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config
    const gone = heavy.filter((file) => !existsSync(`${root}/${file}`))
    if (gone.length > 0)
      throw new Error(`test/setup/heavy-first.ts names files that do not exist: ${gone.join(', ')}`)
    const rank = (file: TestSpecification): number => {
      const place = heavy.indexOf(relative(root, file.moduleId))
      return place === -1 ? heavy.length : place
    }
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}
