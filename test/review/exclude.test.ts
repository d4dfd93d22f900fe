import { describe, expect, test } from 'vitest'
import type { ReviewSet } from '../../src/core/source.ts'
import { decideReviewSet, type ReviewRequest } from '../../src/review/review-set.ts'
import { cleanEnv, folderWith, repositoryWith, type Workspace } from './repository.ts'

function review(workspace: Workspace, request: Partial<ReviewRequest> = {}): Promise<ReviewSet> {
  return decideReviewSet({ cwd: workspace.path, paths: [], all: false, env: cleanEnv, ...request })
}

const names = (scripts: readonly { readonly file: string }[]): readonly string[] =>
  scripts.map(({ file }) => file)

const two = { 'migrations/001_a.sql': 'SELECT 1;\n', 'migrations/002_b.sql': 'SELECT 2;\n' }
const third = { 'migrations/003_c.sql': 'SELECT 3;\n' }

describe('excluded paths', () => {
  const exclude = ['migrations/seeds', '**/*.draft.sql']

  test('are in neither the history nor under review', async () => {
    const workspace = await repositoryWith({ ...two, 'migrations/002_b.draft.sql': 'SELECT 1;' })
    await workspace.git('checkout', '--quiet', '-b', 'feature')
    await workspace.commit({ ...third, 'migrations/004_d.draft.sql': '', 'migrations/seeds/005_e.sql': '' })
    const set = await review(workspace, { settings: { exclude } })
    expect(names(set.history)).toEqual(['migrations/001_a.sql', 'migrations/002_b.sql'])
    expect(names(set.underReview)).toEqual(['migrations/003_c.sql'])
  })

  test('are not reported when they were edited', async () => {
    const workspace = await repositoryWith({ ...two, 'migrations/002_b.draft.sql': 'SELECT 1;' })
    await workspace.git('checkout', '--quiet', '-b', 'feature')
    await workspace.commit({ ...third, 'migrations/002_b.draft.sql': 'SELECT 2;' })
    expect((await review(workspace, { settings: { exclude } })).edited).toEqual([])
    expect((await review(workspace)).edited).toHaveLength(1)
  })

  test('are left out of --all without git, too', async () => {
    const workspace = await folderWith({ ...two, 'migrations/004_d.draft.sql': '' })
    const set = await review(workspace, { all: true, settings: { exclude } })
    expect(names(set.underReview)).toEqual(['migrations/001_a.sql', 'migrations/002_b.sql'])
  })
})
