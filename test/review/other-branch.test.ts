import { describe, expect, test } from 'vitest'
import type { OtherBranch } from '../../src/core/source.ts'
import { orderCollisions } from '../../src/trial-runs/branch-order.ts'
import { otherBranches } from '../../src/review/other-branch.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { cleanEnv, cloneOf, repositoryWith, type Workspace } from './repository.ts'

const flyway = { 'db/migration/V1__a.sql': 'select 1;\n', 'db/migration/V2__b.sql': 'select 2;\n' }

/** A branch `other` with these files, then `mine` checked out with those, uncommitted. */
async function branches(
  history: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
  mine: Readonly<Record<string, string>>,
): Promise<Workspace> {
  const workspace = await repositoryWith(history)
  await workspace.git('checkout', '--quiet', '-b', 'other')
  await workspace.commit(other)
  await workspace.git('checkout', '--quiet', '-b', 'mine', 'main')
  await workspace.write(mine)
  return workspace
}

async function otherOf(workspace: Workspace, ref = 'other'): Promise<OtherBranch> {
  const request = { cwd: workspace.path, paths: [], all: false, env: cleanEnv }
  const [branch] = await otherBranches(request, await decideReviewSet(request), [ref])
  if (branch === undefined) throw new Error('there is no other branch')
  return branch
}

async function told(workspace: Workspace): Promise<readonly string[]> {
  const request = { cwd: workspace.path, paths: [], all: false, env: cleanEnv }
  const { underReview } = await decideReviewSet(request)
  const { collisions, lines } = orderCollisions(underReview, await otherOf(workspace))
  return [
    ...collisions.map(({ severity, messageId, message }) => `${severity} ${messageId}: ${message}`),
    ...lines,
  ]
}

describe('what another branch brings', () => {
  test('is what is new there since it left the target branch, which may have gone on', async () => {
    const workspace = await branches(flyway, { 'db/migration/V5__theirs.sql': 'select 5;\n' }, {})
    await workspace.git('checkout', '--quiet', 'main')
    await workspace.commit({ 'db/migration/V3__merged.sql': 'select 3;\n' })
    await workspace.git('checkout', '--quiet', '-b', 'late')
    await workspace.write({ 'db/migration/V4__mine.sql': 'select 4;\n' })
    const { scripts, order, limits, problems } = await otherOf(workspace)
    expect(scripts.map(({ file }) => file)).toEqual(['db/migration/V5__theirs.sql'])
    expect(order.map(({ file }) => file)).toEqual([
      'db/migration/V1__a.sql',
      'db/migration/V2__b.sql',
      'db/migration/V3__merged.sql',
      'db/migration/V4__mine.sql',
      'db/migration/V5__theirs.sql',
    ])
    expect([limits, problems]).toEqual([[], []])
  })

  test('is nothing where this branch holds it already, or it holds this one', async () => {
    const workspace = await branches(flyway, { 'db/migration/V3__theirs.sql': 'select 3;\n' }, {})
    await workspace.git('merge', '--quiet', '--no-edit', 'other')
    await workspace.write({ 'db/migration/V4__mine.sql': 'select 4;\n' })
    expect((await otherOf(workspace)).scripts).toEqual([])
  })

  test('says what it changes of the history', async () => {
    const workspace = await branches(
      flyway,
      { 'db/migration/V2__b.sql': 'select 22;\n', 'db/migration/V3__theirs.sql': 'select 3;\n' },
      { 'db/migration/V4__mine.sql': 'select 4;\n' },
    )
    const { limits, scripts } = await otherOf(workspace)
    expect(scripts.map(({ file }) => file)).toEqual(['db/migration/V3__theirs.sql'])
    expect(limits.map(({ message }) => message)).toEqual([
      'other changes db/migration/V2__b.sql, which has already been merged: it was replayed as it is here.',
    ])
  })

  test('is looked for on origin too; what is not here is a usage error', async () => {
    const workspace = await branches(
      flyway,
      { 'db/migration/V3__theirs.sql': 'select 3;\n' },
      { 'db/migration/V4__mine.sql': 'select 4;\n' },
    )
    await workspace.git('update-ref', 'refs/remotes/origin/feature/x', 'other')
    expect((await otherOf(workspace, 'feature/x')).scripts).toHaveLength(1)
    await expect(otherOf(workspace, 'feature/nowhere')).rejects.toThrow(
      'There is no commit "feature/nowhere" in this repository for --with.',
    )
    await expect(otherOf(workspace, '--upload-pack=touch x')).rejects.toThrow('There is no commit')
  })

  test('is not known in a shallow clone that lacks the commit where it left', async () => {
    const workspace = await branches(flyway, { 'db/migration/V3__theirs.sql': 'select 3;\n' }, {})
    await workspace.commit({ 'db/migration/V4__mine.sql': 'select 4;\n' })
    const clone = await cloneOf(workspace, '--depth=1', '--no-single-branch', '--branch=mine')
    await clone.git('checkout', '--quiet', '-b', 'local')
    await clone.write({ 'db/migration/V5__mine.sql': 'select 5;\n' })
    const request = { cwd: clone.path, paths: [], all: false, env: cleanEnv, base: 'HEAD' }
    const [branch] = await otherBranches(request, await decideReviewSet(request), ['other'])
    expect(branch?.limits.map(({ message, hint }) => `${message} ${hint}`)).toEqual([
      'other and the target branch have no common commit in this shallow clone, so nobody can tell what is new on other. Clone with the whole history: GIT_DEPTH: 0 in GitLab CI, or git fetch --unshallow.',
    ])
  })
})

describe('the order of two branches', () => {
  test('the same version twice', async () => {
    const workspace = await branches(
      flyway,
      { 'db/migration/V3__theirs.sql': 'select 3;\n' },
      { 'db/migration/V3__mine.sql': 'select 4;\n' },
    )
    expect(await told(workspace)).toEqual([
      expect.stringMatching(
        /^error version: Version 3 is claimed by db\/migration\/V3__mine\.sql and db\/migration\/V3__theirs\.sql; .* db\/migration\/V3__theirs\.sql is on other\.$/,
      ),
    ])
  })

  test('the same file with two texts; the same text is no collision', async () => {
    const file = 'db/migration/V3__both.sql'
    const differ = await branches(flyway, { [file]: 'select 3;\n' }, { [file]: 'select 4;\n' })
    expect(await told(differ)).toEqual([
      `error version: ${file} is on other too, with another text: git stops at a conflict, and only one of the two texts runs.`,
    ])
    expect(await told(await branches(flyway, { [file]: 'select 3;\n' }, { [file]: 'select 3;\n' }))).toEqual(
      [],
    )
  })

  test('who sorts first has to be merged first where the tool refuses what comes late', async () => {
    const later = await branches(
      flyway,
      { 'db/migration/V4__theirs.sql': 'select 4;\n' },
      { 'db/migration/V3__mine.sql': 'select 3;\n' },
    )
    expect(await told(later)).toEqual([
      'error order: If other is merged first, db/migration/V3__mine.sql comes too late: it sorts before db/migration/V4__theirs.sql, and Flyway refuses to run it unless outOfOrder is set.',
    ])
    const earlier = await branches(
      flyway,
      { 'db/migration/V3__theirs.sql': 'select 3;\n' },
      { 'db/migration/V4__mine.sql': 'select 4;\n', 'db/migration/R__view.sql': 'select 1;\n' },
    )
    expect(await told(earlier)).toEqual([
      'warning order: If this is merged first, db/migration/V3__theirs.sql of other comes too late: it sorts before db/migration/V4__mine.sql, and Flyway refuses to run it unless outOfOrder is set.',
    ])
  })

  test('no harm where the tool runs what comes late: a line', async () => {
    const workspace = await branches(
      { ...flyway, 'flyway.conf': 'flyway.locations=filesystem:db/migration\nflyway.outOfOrder=true\n' },
      { 'db/migration/V4__theirs.sql': 'select 4;\n' },
      { 'db/migration/V3__mine.sql': 'select 3;\n' },
    )
    expect(await told(workspace)).toEqual([
      expect.stringMatching(
        /^db\/migration\/V3__mine\.sql sorts before db\/migration\/V4__theirs\.sql of other: /,
      ),
    ])
  })
})
