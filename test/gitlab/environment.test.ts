import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { readApiUrl, readPipeline, readProject, runsInFork } from '../../src/gitlab/environment.ts'

const head = 'a'.repeat(40)
const merged = 'b'.repeat(40)

const job = {
  GITLAB_CI: 'true',
  CI_API_V4_URL: 'https://gitlab.example.com/api/v4',
  CI_COMMIT_SHA: head,
  CI_PROJECT_ID: '42',
  CI_PROJECT_URL: 'https://gitlab.example.com/shop/api',
  CI_PIPELINE_ID: '991',
  CI_PIPELINE_URL: 'https://gitlab.example.com/shop/api/-/pipelines/7',
  CI_DEFAULT_BRANCH: 'main',
}
const detached = {
  ...job,
  CI_MERGE_REQUEST_IID: '3',
  CI_MERGE_REQUEST_PROJECT_ID: '42',
  CI_MERGE_REQUEST_PROJECT_PATH: 'shop/api',
  CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '42',
  CI_MERGE_REQUEST_SOURCE_PROJECT_URL: 'https://gitlab.example.com/shop/api',
  CI_MERGE_REQUEST_DIFF_ID: '164560414',
  CI_MERGE_REQUEST_EVENT_TYPE: 'detached',
  CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: '',
}
const branch = { ...job, CI_COMMIT_BRANCH: 'orders', CI_OPEN_MERGE_REQUESTS: 'shop/api!3' }

function reasonOf(env: Record<string, string | undefined>): string {
  const reading = readPipeline(env)
  return reading.kind === 'none' ? reading.reason : `a merge request: ${JSON.stringify(reading)}`
}

describe('a merge request pipeline', () => {
  it('judges the head of the source branch when it is detached', () => {
    expect(readPipeline(detached)).toEqual({
      kind: 'merge request',
      ref: { apiUrl: 'https://gitlab.example.com/api/v4', projectId: '42', iid: 3 },
      pipeline: {
        event: 'detached',
        headSha: head,
        judgedSha: head,
        diffVersion: 164560414,
        pipelineId: 991,
        sourceProjectUrl: 'https://gitlab.example.com/shop/api',
        pipelineUrl: 'https://gitlab.example.com/shop/api/-/pipelines/7',
      },
      remark: undefined,
    })
  })

  it.each([
    ['merged_result', 'merged result'],
    ['merge_train', 'merge train'],
  ])('judges the merge commit of a %s, and keeps the head of the source branch', (type, event) => {
    const env = {
      ...detached,
      CI_COMMIT_SHA: merged,
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: head,
      CI_MERGE_REQUEST_EVENT_TYPE: type,
    }
    expect(readPipeline(env)).toMatchObject({ pipeline: { event, headSha: head, judgedSha: merged } })
  })

  it('knows merged results of servers that do not name the kind of pipeline', () => {
    const { CI_MERGE_REQUEST_EVENT_TYPE: _, ...old } = detached
    expect(readPipeline(old)).toMatchObject({ pipeline: { event: 'detached' } })
    const env = { ...old, CI_COMMIT_SHA: merged, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: head }
    expect(readPipeline(env)).toMatchObject({ pipeline: { event: 'merged result' } })
  })

  it('posts to the target project and links to the fork', () => {
    const env = {
      ...detached,
      CI_PROJECT_ID: '77',
      CI_PROJECT_URL: 'https://gitlab.example.com/someone/api',
      CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '77',
      CI_MERGE_REQUEST_SOURCE_PROJECT_URL: 'https://gitlab.example.com/someone/api',
    }
    expect(readPipeline(env)).toMatchObject({
      ref: { projectId: '42' },
      pipeline: { sourceProjectUrl: 'https://gitlab.example.com/someone/api' },
    })
    expect(runsInFork(env)).toBe(true)
    expect(readProject(env)).toBe('42')
    // somebody of the project pressed "Run pipeline": it runs there, and has its variables
    expect(runsInFork({ ...env, CI_PROJECT_ID: '42' })).toBe(false)
  })

  it('takes the path of the target project where the server gives no number', () => {
    const { CI_MERGE_REQUEST_PROJECT_ID: _, ...env } = detached
    expect(readPipeline(env)).toMatchObject({ ref: { projectId: 'shop/api' } })
    expect(reasonOf({ ...env, CI_MERGE_REQUEST_PROJECT_PATH: '../admin' })).toMatch(
      'CI_MERGE_REQUEST_PROJECT_ID',
    )
  })

  it('does without what only orders and links', () => {
    const { CI_MERGE_REQUEST_DIFF_ID: _d, CI_PIPELINE_ID: _p, CI_PIPELINE_URL: _j, ...env } = detached
    expect(
      readPipeline({ ...env, CI_MERGE_REQUEST_SOURCE_PROJECT_URL: 'javascript:alert(1)' }),
    ).toMatchObject({
      pipeline: {
        diffVersion: undefined,
        pipelineId: 0,
        pipelineUrl: undefined,
        sourceProjectUrl: undefined,
      },
    })
  })

  it.each([
    ['CI_MERGE_REQUEST_IID', '3/../4'],
    ['CI_MERGE_REQUEST_SOURCE_BRANCH_SHA', 'HEAD'],
    ['CI_COMMIT_SHA', ''],
    ['CI_COMMIT_SHA', `${head}\n`],
    ['CI_API_V4_URL', ''],
    ['CI_API_V4_URL', 'ftp://gitlab.example.com/api/v4'],
    ['CI_API_V4_URL', 'https://user:secret@gitlab.example.com/api/v4'],
    ['CI_API_V4_URL', 'https://gitlab.example.com/api/v4?x=1'],
    ['CI_API_V4_URL', 'https://gitlab.example.com'],
  ])('names %s when it is %j', (variable, value) => {
    expect(reasonOf({ ...detached, [variable]: value })).toContain(variable)
  })
})

describe('a branch pipeline', () => {
  it('belongs to the open merge request of its branch', () => {
    expect(readPipeline(branch)).toMatchObject({
      ref: { projectId: 'shop/api', iid: 3 },
      pipeline: { event: 'branch', headSha: head, judgedSha: head, diffVersion: undefined },
      remark: undefined,
    })
  })

  it('takes the first of several and says so', () => {
    const env = { ...branch, CI_OPEN_MERGE_REQUESTS: 'shop/api!3,shop/sub.group/web-2!14' }
    expect(readPipeline(env)).toMatchObject({
      ref: { projectId: 'shop/api', iid: 3 },
      remark:
        'The branch has 2 open merge requests (shop/api!3, shop/sub.group/web-2!14): the first one is reviewed.',
    })
  })

  it.each(['', 'nonsense', 'shop/../x!3', '../x!3', 'shop/api!0', 'shop/api!3!4', 'shop/api!x'])(
    'has no merge request when the list is %j',
    (list) => {
      expect(reasonOf({ ...branch, CI_OPEN_MERGE_REQUESTS: list })).toBe(
        'The branch orders has no open merge request (CI_OPEN_MERGE_REQUESTS is empty).',
      )
    },
  )

  it('of the default branch reviews nothing, even where a merge request leads away from it', () => {
    expect(reasonOf({ ...branch, CI_COMMIT_BRANCH: 'main' })).toMatch('pipeline of the default branch main')
  })

  it('of a tag reviews nothing', () => {
    expect(reasonOf({ ...job, CI_COMMIT_TAG: 'v1' })).toMatch('no branch')
  })
})

describe('outside GitLab CI', () => {
  it('there is no merge request', () => {
    expect(reasonOf({})).toMatch('GITLAB_CI is not set')
  })
})

describe('the address of the API', () => {
  it('keeps ports and relative paths, and loses slashes at the end', () => {
    const CI_API_V4_URL = 'http://git.example.com:8443/tools/gitlab/api/v4//'
    expect(readApiUrl({ CI_API_V4_URL })).toBe('http://git.example.com:8443/tools/gitlab/api/v4')
  })

  it('is that of --gitlab-url where it is given, with or without its path', () => {
    for (const gitlabUrl of ['https://other/git', 'https://other/git/', 'https://other/git/api/v4']) {
      expect(readApiUrl(job, { gitlabUrl })).toBe('https://other/git/api/v4')
    }
  })

  it('refuses a --gitlab-url that is none, without repeating it', () => {
    const gitlabUrl = 'https://user:secret@other'
    expect(() => readApiUrl(job, { gitlabUrl })).toThrow(UsageError)
    expect(() => readApiUrl(job, { gitlabUrl })).not.toThrow(/secret/)
  })

  it('is not guessed from other variables', () => {
    expect(readApiUrl({ CI_SERVER_URL: 'https://gitlab.example.com' })).toBeUndefined()
  })
})
