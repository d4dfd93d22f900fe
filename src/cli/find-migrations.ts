import type { SourceRoot } from '../core/source.ts'
import type { CodeTool } from '../review/code-tools.ts'

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

/** The tool of a project whose migrations are code, by its files. */
export async function codeToolAt(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CodeTool | undefined> {
  const { findRepository } = await import('../review/git.ts')
  const { WorkingTree } = await import('../review/working-tree.ts')
  const { codeToolOf } = await import('../review/code-tools.ts')
  const { repository } = await findRepository(cwd, env)
  return codeToolOf(await new WorkingTree(cwd, repository).list())
}
