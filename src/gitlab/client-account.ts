import { Metadata, PersonalAccessTokens, Users } from '@gitbeaker/rest'
import { accountAnswer, serverVersionAnswer, tokenAnswer, type TokenFacts } from './answers.ts'
import { checked, connect, type ClientOptions } from './client-connection.ts'
import type { RemoteUser } from './model.ts'
import { GitLabError } from './server.ts'

/** What a server says about itself and about the token; for `doctor`. */
export interface GitLabAccount {
  readonly user: () => Promise<{ readonly user: RemoteUser; readonly isAdmin: boolean }>
  /** `17.5.0-ee`. */
  readonly serverVersion: () => Promise<string>
  /** Undefined for kinds of tokens that cannot ask, and on servers before 15.5. */
  readonly token: () => Promise<TokenFacts | undefined>
}

/** Asks about the token; sends nothing before the first call. Errors are those of `createServer`. */
export function createAccount(apiUrl: string, token: string, options: ClientOptions): GitLabAccount {
  const service = connect(apiUrl, token, options)
  const users = new Users(service)
  const metadata = new Metadata(service)
  const tokens = new PersonalAccessTokens(service)
  return {
    user: () => checked('the user of the token', accountAnswer, () => users.showCurrentUser()),
    serverVersion: () =>
      checked('the version of the server', serverVersionAnswer, () => metadata.show()).catch(
        (error: unknown) => {
          // before 15.2
          if (!isProblem(error, ['unsupported'])) throw error
          return checked('the version of the server', serverVersionAnswer, async () => {
            const answer = await metadata.requester.get('version')
            return answer.body
          })
        },
      ),
    token: () =>
      checked('the facts about the token', tokenAnswer, () => tokens.show()).catch((error: unknown) => {
        if (isProblem(error, ['unsupported', 'unauthorized', 'forbidden', 'refused'])) return undefined
        throw error
      }),
  }
}

function isProblem(error: unknown, problems: readonly GitLabError['problem'][]): boolean {
  return error instanceof GitLabError && problems.includes(error.problem)
}
