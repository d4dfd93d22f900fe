import { describe, expect, it } from 'vitest'
import { FakeStage } from './fake-stage.ts'
import { scenarios } from './scenarios.ts'

describe('a review on the fake GitLab', () => {
  it.each(scenarios)('$title', async ({ run }) => {
    await using stage = await FakeStage.open()
    await run(stage)
    expect(stage.gitlab.quickActions).toEqual([])
    expect(stage.gitlab.slashLines).toEqual([])
  })
})
