import type { FileTree, SourceRoot } from '../core/source.ts'

/** The migration folders of the working tree, without configuration. */
export async function findRoots(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly SourceRoot[]> {
  const { findRepository } = await import('../review/git.ts')
  const { WorkingTree } = await import('../review/working-tree.ts')
  const { repository } = await findRepository(cwd, env)
  return detectRoots(new WorkingTree(cwd, repository))
}

async function detectRoots(files: FileTree): Promise<readonly SourceRoot[]> {
  const { sources } = await import('../sources/index.ts')
  const roots: SourceRoot[] = []
  for (const source of sources) roots.push(...(await source.detect(files)))
  return roots
}
