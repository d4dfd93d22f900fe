import { GitLabError } from '../../src/gitlab/server.ts'

/** The GitLabError that a request ends with; throws when it ends otherwise. */
export async function errorOf(request: Promise<unknown>): Promise<GitLabError> {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof GitLabError) return error
  throw new Error('no GitLabError', { cause: error })
}
