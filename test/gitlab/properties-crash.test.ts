/** Property 2: a run that dies after any of its requests leaves a state from which the next one comes to the same end. */
import { describe, expect, it } from 'vitest'
import { post } from './story.ts'
import { review } from '../../src/gitlab/execute.ts'
import { busyWorld, freshWorld } from './worlds.ts'

const worlds = {
  'a review that is there': busyWorld,
  'a first review': () => freshWorld(3),
  'a first review on a server without drafts': () => freshWorld(3, { oldServer: true }),
}

describe.each(Object.entries(worlds))('a run that dies in %s', (_name, make) => {
  it('after any of its requests is completed by the next one', { timeout: 120_000 }, async () => {
    const { stage, subject, restore } = await make()
    await using _ = stage
    await post(stage, subject)
    const wanted = stage.gitlab.snapshot()
    restore()
    await post(stage, subject)
    const requests = stage.gitlab.requests.length
    expect(requests).toBeGreaterThan(9)
    for (let last = 1; last <= requests; last++) {
      restore()
      const controller = new AbortController()
      const signal = controller.signal
      stage.gitlab.before(last, () => controller.abort(new Error('dead')))
      const server = stage.client(stage.gitlab.botToken, { signal })
      await expect(review(subject, { server, signal }), `request ${last}`).rejects.toThrow('dead')
      stage.gitlab.clearFaults()
      const { outcome } = await post({ bot: stage.client() }, subject)
      expect(outcome.kind, `after request ${last}`).toBe('posted')
      expect(stage.gitlab.snapshot(), `after request ${last}`).toEqual(wanted)
    }
  })
})
