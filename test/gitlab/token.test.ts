import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { findToken, redact, secretVariables } from '../../src/gitlab/token.ts'

const token = 'glpat-Zx81_kk2-abcdefgh12'
const job = { GITLAB_CI: 'true', CI_COMMIT_REF_PROTECTED: 'true', CI_JOB_TOKEN: 'glcbt-64_job' }

function missing(env: Record<string, string>, tokenEnv?: string): { reason: string; hint: string } {
  const reading = findToken(env, tokenEnv)
  if (reading.kind === 'found') throw new Error(`found in ${reading.variable}`)
  return reading
}

describe('the token', () => {
  it('comes from our own variable, else from the usual one', () => {
    expect(findToken({ PGREHEARSE_GITLAB_TOKEN: token, GITLAB_TOKEN: 'other' })).toEqual({
      kind: 'found',
      variable: 'PGREHEARSE_GITLAB_TOKEN',
      value: token,
    })
    expect(findToken({ PGREHEARSE_GITLAB_TOKEN: '', GITLAB_TOKEN: token })).toMatchObject({
      variable: 'GITLAB_TOKEN',
    })
  })

  it('comes from the named variable only, where one is named', () => {
    expect(findToken({ GITLAB_TOKEN: 'other', BOT: token }, 'BOT')).toMatchObject({
      variable: 'BOT',
      value: token,
    })
    expect(missing({ GITLAB_TOKEN: token }, 'BOT').reason).toBe('No token for the review: BOT is not set.')
  })

  it('may have been pasted with its line end', () => {
    expect(findToken({ GITLAB_TOKEN: `${token}\r\n` })).toMatchObject({ value: token })
  })

  it('is not repeated when it is given in place of a name', () => {
    expect(() => findToken({}, token)).toThrow(UsageError)
    expect(() => findToken({}, token)).not.toThrow(new RegExp(token))
  })
})

describe('a missing token', () => {
  it('names the variable, and how to make one', () => {
    const { reason, hint } = missing(job)
    expect(reason).toBe('No token for the review: PGREHEARSE_GITLAB_TOKEN (or GITLAB_TOKEN) is not set.')
    expect(hint).toBe(
      'Make a project access token with the scope api and the role Developer, and put it into the masked CI/CD variable PGREHEARSE_GITLAB_TOKEN.',
    )
  })

  it('may be one that GitLab keeps from branches that are not protected', () => {
    expect(missing({ ...job, CI_COMMIT_REF_PROTECTED: 'false' }).hint).toMatch('clear "Protect variable"')
    expect(missing({}).hint).not.toMatch('Protect variable')
  })

  it('is what a pipeline in a fork has to do with', () => {
    const fork = { ...job, CI_MERGE_REQUEST_PROJECT_ID: '42', CI_PROJECT_ID: '77' }
    expect(missing(fork)).toMatchObject({
      reason: expect.stringContaining('runs in a fork'),
      hint: expect.stringContaining('Run pipeline'),
    })
  })

  it.each([
    ['$SHARED_TOKEN', 'the name of another variable'],
    ['glcbt-64_job', 'the job token'],
    ['glcbt-64_other', 'a job token'],
    ['gldt-abc', 'a deploy token'],
    ['glrt-abc', 'a runner token'],
    ['two words', 'spaces or characters'],
    ['glpat-a\nx-header: b', 'spaces or characters'],
  ])('is what a variable holds that has no token of a user: %j', (value, words) => {
    const { reason } = missing({ ...job, GITLAB_TOKEN: value })
    expect(reason).toMatch(/^GITLAB_TOKEN holds /)
    expect(reason).toContain(words)
    expect(reason).not.toContain(value)
  })

  it('is what the job token is, by whatever name', () => {
    expect(missing({ CI_JOB_TOKEN: 'plain' }, 'CI_JOB_TOKEN').reason).toMatch('the job token')
  })
})

describe('secret variables', () => {
  it('are those that are asked, and every copy of what they hold', () => {
    const env = {
      PATH: '/bin',
      GITLAB_TOKEN: `${token}\n`,
      BOT: 'another-token-1',
      DANGER_GITLAB_API_TOKEN: token,
      NPM_CONFIG: `//gitlab.example.com/:_authToken=${token}`,
    }
    expect(secretVariables(env)).toEqual(['GITLAB_TOKEN', 'DANGER_GITLAB_API_TOKEN', 'NPM_CONFIG'])
    expect(secretVariables(env, 'BOT')).toContain('BOT')
    expect(secretVariables({ PATH: '/bin' })).toEqual([])
  })

  it('do not include half of the environment when a token is one letter', () => {
    expect(secretVariables({ GITLAB_TOKEN: 'b', PATH: '/bin' })).toEqual(['GITLAB_TOKEN'])
  })
})

describe('redact', () => {
  it('takes the token out, also as it looks in an address', () => {
    expect(redact('bad a/b+c, at ?t=a%2Fb%2Bc', 'a/b+c')).toBe('bad [token], at ?t=[token]')
    expect(redact('text', '')).toBe('text')
  })
})
