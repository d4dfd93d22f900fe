import type { SourceRoot } from '../core/source.ts'

/** The migration folders of the working tree, without configuration. */
export async function findRoots(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly SourceRoot[]> {
  const { findRepository } = await import('../review/git.ts')
  const { WorkingTree } = await import('../review/working-tree.ts')
  const { repository } = await findRepository(cwd, env)
  const { findRoots: findIn } = await import('../review/roots.ts')
  const { sources } = await import('../sources/index.ts')
  return (await findIn(new WorkingTree(cwd, repository), sources, {})).roots
}
