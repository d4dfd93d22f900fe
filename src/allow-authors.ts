/** Who wrote the allow comments under review, where git knows. */
import type { CheckOptions } from './check-options.ts'
import type { Span } from './core/model.ts'
import type { Scripts } from './judge-run.ts'
import type { Code } from './query-files.ts'
import { readAllowComments } from './sql/suppressions.ts'

export type AuthorOf = (file: string, line: number) => string | undefined

/** git is asked once a file; nobody wants to wait for hundreds. */
const mostFiles = 50

/**
 * Undefined where there are no allow comments, and for what is staged, of which git does not tell. Never throws: an
 * author that is not known is left out.
 */
export async function allowAuthors(
  { cwd, env, staged }: Pick<CheckOptions, 'cwd' | 'env' | 'staged'>,
  { parsed }: Scripts,
  code: Code | undefined,
): Promise<AuthorOf | undefined> {
  const spans: readonly Span[] = [
    ...parsed.flatMap((script) => readAllowComments(script).allows.map(({ span }) => span)),
    ...(code?.queries ?? []).flatMap(({ new: query }) => (query?.allows ?? []).map(({ span }) => span)),
  ]
  if (spans.length === 0 || staged === true) return undefined
  const lines = new Map<string, Set<number>>()
  for (const { file, start } of spans) lines.set(file, (lines.get(file) ?? new Set()).add(start.line))
  const { findRepository } = await import('./review/git.ts')
  const { authorsOf } = await import('./review/blame.ts')
  const search = await findRepository(cwd, env).catch(() => undefined)
  const repository = search?.repository
  if (repository === undefined) return undefined
  const authors = new Map<string, ReadonlyMap<number, string>>()
  for (const [file, own] of [...lines].slice(0, mostFiles)) {
    authors.set(file, await authorsOf(repository, file, [...own]))
  }
  return (file, line) => authors.get(file)?.get(line)
}
