/** The stories of test/gitlab/scenarios.ts on a real server; run by `npm run test:live`. */
import { afterAll, describe, it } from 'vitest'

import { scenarios } from '../gitlab/scenarios.ts'
import { saveComparison } from './comparison.ts'
import { LiveStage, NeedsSecondUser } from './live-stage.ts'
import { liveTarget } from './live-target.ts'
import type { LiveTarget } from './live-target.ts'
import { Recorder } from './recorder.ts'

const found = liveTarget(process.env)
const missing = typeof found === 'string' ? found : undefined
if (missing !== undefined) process.stderr.write(`\n${missing}\n\n`)

describe.skipIf(missing !== undefined)('a review on a real GitLab', () => {
  const recorder = new Recorder()

  it.for(scenarios)('$title', async ({ run }, { skip, expect }) => {
    await using stage = await LiveStage.open(target(), recorder)
    await run(stage).catch((error: unknown) => {
      if (error instanceof NeedsSecondUser) skip(error.message)
      throw error
    })
    expect(recorder.exchanges.map(({ status }) => status)).not.toContain(401)
  })

  afterAll(async () => {
    const path = await saveComparison(target(), recorder.exchanges)
    process.stderr.write(`\nWhat the server answered, and how the fake differs: ${path}\n`)
  }, 300_000)
})

function target(): LiveTarget {
  if (typeof found === 'string') throw new Error(found)
  return found
}
