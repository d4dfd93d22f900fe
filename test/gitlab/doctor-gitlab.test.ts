import { describe, expect, it } from 'vitest'
import type { CommandContext } from '../../src/cli/context.ts'
import { examineGitLab } from '../../src/cli/doctor-gitlab.ts'
import type { Diagnosis } from '../../src/cli/doctor-machine.ts'
import { startFakeGitLab } from '../fake-gitlab/index.ts'
import { json, scriptedServer } from './scripted-server.ts'

type FakeGitLab = Awaited<ReturnType<typeof startFakeGitLab>>

const now = new Date('2026-06-01T12:00:00Z')

function context(env: Record<string, string | undefined>): CommandContext {
  const stream = { write: async () => {}, isTerminal: false, color: false, width: 80 }
  const { signal } = new AbortController()
  return { cwd: '/', env, signal, out: stream, err: stream, debug: false, version: '1.2.3' }
}

function jobOf(fake: FakeGitLab, token: string = fake.botToken): Record<string, string> {
  return {
    GITLAB_CI: 'true',
    CI_API_V4_URL: fake.apiUrl,
    CI_COMMIT_SHA: fake.version.headSha,
    CI_MERGE_REQUEST_IID: String(fake.iid),
    CI_MERGE_REQUEST_PROJECT_ID: fake.projectId,
    CI_PROJECT_ID: fake.projectId,
    GITLAB_TOKEN: token,
  }
}

/** `verdict text → remedy` of each line; never with the token in it. */
async function doctor(env: Record<string, string | undefined>): Promise<readonly string[]> {
  const diagnoses = await examineGitLab(context(env), {}, now)
  const lines = diagnoses.map(line)
  const token = env['GITLAB_TOKEN'] ?? 'no token'
  if (lines.join('\n').includes(token)) throw new Error('the token is printed')
  return lines
}

function line({ verdict, text, remedy }: Diagnosis): string {
  return `${verdict}: ${text}${remedy === undefined ? '' : ` → ${remedy}`}`
}

describe('doctor', () => {
  it('says nothing of GitLab where there is none', async () => {
    expect(await doctor({ PATH: '/bin' })).toEqual([])
  })

  it('sends a token nowhere when it is not known which server it is for', async () => {
    expect(await doctor({ GITLAB_TOKEN: 'glpat-abcdefgh' })).toEqual([
      'works: GITLAB_TOKEN is set, and is tried in GitLab CI only, where it is known which server it is for',
    ])
  })

  it('finds everything in order', async () => {
    await using fake = await startFakeGitLab({ version: '17.5.1-ee' })
    const token = fake.addToken({ username: 'bot', expiresAt: '2099-01-31' })
    expect(await doctor(jobOf(fake, token))).toEqual([
      'works: The token of GITLAB_TOKEN is that of bot',
      'works: The token of GITLAB_TOKEN has the scope api',
      'works: The token of GITLAB_TOKEN is valid until 2099-01-31',
      'works: GitLab 17.5.1-ee',
      'works: bot is Developer',
      `works: Merge request !${fake.iid} can be read and is open: ${fake.webUrl}`,
    ])
    expect(fake.writes()).toEqual([])
  })

  it('names the variable when there is no token', async () => {
    await using fake = await startFakeGitLab()
    const [found] = await doctor({ ...jobOf(fake), GITLAB_TOKEN: undefined, CI_COMMIT_REF_PROTECTED: 'true' })
    expect(found).toMatch(
      /^caution: No token for the review: PGREHEARSE_GITLAB_TOKEN \(or GITLAB_TOKEN\) is not set\. → Make/,
    )
    expect(fake.requests).toEqual([])
  })

  it('finds a token that is not accepted', async () => {
    await using server = await scriptedServer((_, response) =>
      json(response, 401, { message: '401 Unauthorized' }),
    )
    const env = { GITLAB_CI: 'true', CI_API_V4_URL: server.apiUrl, GITLAB_TOKEN: 'glpat-abcdefgh' }
    const lines = await doctor(env)
    expect(lines.at(-1)).toBe(
      'fails: The token of GITLAB_TOKEN is not accepted: GitLab answered 401 to GET /user: 401 Unauthorized. → The token is wrong, expired or revoked: make a new one with the scope api and the role Developer.',
    )
  })

  it('finds a token that may only read, and one that ends soon', async () => {
    await using fake = await startFakeGitLab()
    const token = fake.addToken({ username: 'bot', scopes: ['read_api'], expiresAt: '2099-01-31' })
    const diagnoses = await examineGitLab(context(jobOf(fake, token)), {}, new Date('2099-01-11T12:00:00Z'))
    expect(diagnoses.map(line).slice(1, 3)).toEqual([
      'fails: The token of GITLAB_TOKEN has only the scope read_api, which may not write comments → Make a project access token with the scope api and the role Developer.',
      'caution: The token of GITLAB_TOKEN expires on 2099-01-31, in 19 days → Rotate it, and put the new value into the CI/CD variable.',
    ])
  })

  it.each(['reporter', 'maintainer'])('tells the role of %s', async (username) => {
    await using fake = await startFakeGitLab()
    const lines = await doctor(jobOf(fake, fake.addToken({ username })))
    const told = {
      reporter:
        'caution: reporter is Reporter, and may not resolve threads → Threads are resolved by the role Developer or above.',
      maintainer: 'works: maintainer is Maintainer',
    }
    expect(lines).toContain(told[username === 'reporter' ? 'reporter' : 'maintainer'])
  })

  it('finds a merge request that cannot be seen, and keeps what it found before', async () => {
    await using fake = await startFakeGitLab()
    const lines = await doctor({ ...jobOf(fake), CI_MERGE_REQUEST_IID: '404' })
    expect(lines).toContain('works: bot is Developer')
    expect(lines.at(-1)).toMatch(
      /^caution: The review could not be examined: GitLab answered 404 to GET .* → /,
    )
  })

  it('finds an old server, whose tokens cannot be asked and which has no drafts', async () => {
    await using fake = await startFakeGitLab({ oldServer: true, version: '12.10.14' })
    const lines = await doctor(jobOf(fake))
    expect(lines).toContainEqual(expect.stringMatching(/^caution: GitLab 12\.10\.14 is older than any/))
    expect(lines.at(-1)).toBe(
      'works: This GitLab has no draft notes: each new thread sends a mail of its own',
    )
  })

  it('says why nothing is posted from a pipeline of the default branch, and examines the token all the same', async () => {
    await using fake = await startFakeGitLab()
    const env = {
      ...jobOf(fake),
      CI_MERGE_REQUEST_IID: undefined,
      CI_COMMIT_BRANCH: 'main',
      CI_DEFAULT_BRANCH: 'main',
    }
    const lines = await doctor(env)
    expect(lines[0]).toBe(
      'works: No review is posted from here: This is a pipeline of the default branch main, not of a merge request.',
    )
    expect(lines.at(-1)).toBe('works: bot is Developer')
  })

  it('is cautious about a server that does not answer', async () => {
    const server = await scriptedServer(() => {})
    await server[Symbol.asyncDispose]()
    const env = { GITLAB_CI: 'true', CI_API_V4_URL: server.apiUrl, GITLAB_TOKEN: 'glpat-abcdefgh' }
    expect((await doctor(env)).at(-1)).toMatch(
      /^caution: The review could not be examined: No answer from http:\/\/127/,
    )
  })

  it('is cautious about a proxy that is none', async () => {
    const env = {
      GITLAB_CI: 'true',
      CI_API_V4_URL: 'https://gitlab.example.com/api/v4',
      GITLAB_TOKEN: 'glpat-abcdefgh',
      HTTPS_PROXY: 'socks5://proxy:1080',
    }
    expect((await doctor(env)).at(-1)).toMatch(/^caution: .*The proxy of HTTPS_PROXY is not/)
  })

  it('is cautious about an address without encryption', async () => {
    const env = {
      GITLAB_CI: 'true',
      CI_API_V4_URL: 'http://gitlab.example.com/api/v4',
      GITLAB_TOKEN: 'glpat-abcdefgh',
      HTTP_PROXY: 'socks5://proxy:1080',
    }
    expect(await doctor(env)).toContainEqual(
      expect.stringMatching(/^caution: The token goes to gitlab\.example\.com without encryption/),
    )
  })
})
