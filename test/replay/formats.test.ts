import { expect, test } from 'vitest'
import { expectedFile, fixtureReport, formatNames, openFixture } from './format-fixture.ts'

const names = await formatNames()

test.each(names)('a merge request of a %s project gets the report of its golden file', async (name) => {
  const text = await fixtureReport(await openFixture(name))
  // commits of the test's own repository
  const stable = text.replaceAll(/\bmain \([0-9a-f]{7,}\)/g, 'main (<commit>)')
  await expect(stable).toMatchFileSnapshot(expectedFile(name))
})
