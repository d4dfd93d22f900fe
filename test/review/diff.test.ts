import { describe, expect, it } from 'vitest'
import { changedPaths, patchBetween } from '../../src/review/diff.ts'
import { findRepository, type Repository } from '../../src/review/git.ts'
import { cleanEnv, cloneOf, repositoryWith, type Workspace } from './repository.ts'

async function repositoryAt(cwd: string): Promise<Repository> {
  const { repository } = await findRepository(cwd, cleanEnv)
  if (repository === undefined) throw new Error(`no repository at ${cwd}`)
  return repository
}

/** The patch of the last commit of a workspace. */
async function lastPatch(workspace: Workspace, below = ''): Promise<string> {
  const base = await workspace.git('rev-parse', 'HEAD~1')
  const head = await workspace.git('rev-parse', 'HEAD')
  const result = await patchBetween(await repositoryAt(`${workspace.path}${below}`), base, head)
  return result.kind === 'patch' ? result.text : result.reason
}

const table = Array.from({ length: 30 }, (_, n) => `-- line ${n}\n`).join('')

describe('the patch of a merge request', () => {
  it('has three lines of context, and names from the top of the repository', async () => {
    const workspace = await repositoryWith({ 'db/1.sql': table })
    await workspace.commit({ 'db/1.sql': table.replace('-- line 10\n', '-- line 10\nSELECT 1;\n') })
    const patch = await lastPatch(workspace, '/db')
    const head =
      /^diff --git a\/db\/1\.sql b\/db\/1\.sql\nindex [0-9a-f]{40}\.\.[0-9a-f]{40} 100644\n--- a\/db\/1\.sql\n/
    expect(patch).toMatch(head)
    const lines = [8, 9, 10, '+SELECT 1;', 11, 12, 13]
    const hunk = lines.map((line) => (typeof line === 'number' ? ` -- line ${line}\n` : `${line}\n`))
    expect(patch).toMatch(new RegExp(`^@@ -9,6 \\+9,7 @@.*\\n${hunk.join('').replace('+', '\\+')}$`, 'm'))
  })

  it('is the same whatever the settings of the user say', async () => {
    const workspace = await repositoryWith({ 'ä b.sql': `${table}\n\n${table}`, 'old.sql': table })
    await workspace.git('mv', 'old.sql', 'new.sql')
    await workspace.commit({ 'ä b.sql': `SELECT 1;\n${table}\n\n${table}SELECT 2;\n` })
    const before = await lastPatch(workspace)
    const settings = {
      'diff.noprefix': 'true',
      'diff.mnemonicPrefix': 'true',
      'diff.context': '0',
      'diff.interHunkContext': '100',
      'diff.algorithm': 'histogram',
      'diff.indentHeuristic': 'false',
      'diff.renames': 'false',
      'diff.relative': 'true',
      'diff.suppressBlankEmpty': 'true',
      'diff.external': '/bin/false',
      'color.diff': 'always',
      'core.quotePath': 'true',
      'core.abbrev': '4',
    }
    for (const [name, value] of Object.entries(settings)) await workspace.git('config', name, value)
    expect(await lastPatch(workspace)).toBe(before)
    expect(before).toContain('+++ b/ä b.sql\t\n')
    expect(before).toContain('rename from old.sql\nrename to new.sql\n')
  })

  it('hides no line that a .gitattributes of the merge request wants hidden', async () => {
    const workspace = await repositoryWith({ '1.sql': 'SELECT 1;\n' })
    await workspace.commit({ '.gitattributes': '*.sql -diff\n', '1.sql': 'SELECT 1;\nDROP TABLE t;\n' })
    expect(await workspace.git('diff', 'HEAD~1', 'HEAD')).toContain('Binary files')
    expect(await lastPatch(workspace)).toContain('+DROP TABLE t;\n')
  })

  it('names a renamed file with both of its names when a third of it stayed', async () => {
    const workspace = await repositoryWith({ 'a.sql': table })
    await workspace.remove('a.sql')
    await workspace.commit({ 'b.sql': `${table.slice(0, table.length / 2)}${'-- new line\n'.repeat(18)}` })
    expect(await lastPatch(workspace)).toContain('rename from a.sql\nrename to b.sql\n')
  })

  it('brings commits along that a shallow clone lacks', async () => {
    const origin = await repositoryWith({ '1.sql': 'SELECT 1;\n' })
    const base = await origin.git('rev-parse', 'HEAD')
    await origin.commit({ '2.sql': 'SELECT 2;\n' })
    const head = await origin.commit({ '3.sql': 'SELECT 3;\n' })
    await origin.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    const clone = await cloneOf(origin, '--depth=1')
    const result = await patchBetween(await repositoryAt(clone.path), base, head)
    expect(result).toMatchObject({ kind: 'patch' })
    expect(result.kind === 'patch' ? result.text.match(/^\+SELECT.*$/gm) : []).toEqual([
      '+SELECT 2;',
      '+SELECT 3;',
    ])
  })

  it('is called unavailable, with the reason, when a commit cannot be had', async () => {
    const workspace = await repositoryWith({ '1.sql': 'SELECT 1;\n' })
    const head = await workspace.git('rev-parse', 'HEAD')
    expect(await patchBetween(await repositoryAt(workspace.path), 'f'.repeat(40), head)).toEqual({
      kind: 'unavailable',
      reason: "The merge request's base commit fffffff is not in this clone and could not be fetched.",
    })
  })
})

describe('files that differ between two commits', () => {
  it('are named from the top of the repository, wherever git runs', async () => {
    const workspace = await repositoryWith({ 'db/1.sql': 'a', 'db/2.sql': 'b', 'x y\n.sql': 'c' })
    const from = await workspace.git('rev-parse', 'HEAD')
    const to = await workspace.commit({ 'db/2.sql': 'B', 'x y\n.sql': 'C', 'db/3.sql': 'new' })
    const changed = await changedPaths(await repositoryAt(`${workspace.path}/db`), from, to)
    expect(changed).toEqual(new Set(['db/2.sql', 'db/3.sql', 'x y\n.sql']))
  })

  it('are none between a commit and itself, and unknown when a commit cannot be had', async () => {
    const workspace = await repositoryWith({ 'db/1.sql': 'a' })
    const repository = await repositoryAt(workspace.path)
    expect(await changedPaths(repository, 'f'.repeat(40), 'f'.repeat(40))).toEqual(new Set())
    expect(
      await changedPaths(repository, await workspace.git('rev-parse', 'HEAD'), 'f'.repeat(40)),
    ).toBeUndefined()
  })
})
