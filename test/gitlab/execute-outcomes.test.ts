/** What lasts: one sentence says what is missing, the gate is decided all the same, and the next run completes the rest. */
import { describe, expect, it } from 'vitest'
import { review } from '../../src/gitlab/execute.ts'
import type { ReviewOutcome } from '../../src/gitlab/model.ts'
import type { Fault, RequestMatcher } from '../fake-gitlab/index.ts'
import { FakeStage } from './fake-stage.ts'
import { findingThreads, notesOf, pipelineOf, post, reviewPush, stickyOf, subjectOf } from './story.ts'
import { busyWorld, freshWorld, leaveDraft } from './worlds.ts'

interface Lasting {
  readonly name: string
  readonly at: RequestMatcher
  readonly fault: Fault
  readonly reason: RegExp
  readonly hint: RegExp
}

const always = { times: Infinity }
const role = /role Developer.*not be locked/

const lasting: readonly Lasting[] = [
  {
    name: 'the token dies before the run',
    at: { path: '/user' },
    fault: { kind: 'unauthorized from now on' },
    reason: /^GitLab answered 401 to GET \/user/,
    hint: /token is wrong, expired or revoked: .*scope api .*role Developer/,
  },
  {
    name: 'the token dies midway',
    at: { write: true, nth: 5 },
    fault: { kind: 'unauthorized from now on' },
    reason: /^The review is not complete\. GitLab answered 401/,
    hint: /token is wrong, expired or revoked/,
  },
  {
    name: 'the token may only read',
    at: { write: true, ...always },
    fault: { kind: 'insufficient scope' },
    reason: /^GitLab answered 403 to /,
    hint: /needs the scope api; read_api may not write/,
  },
  {
    name: 'the user may not write',
    at: { write: true, ...always },
    fault: { kind: 'forbidden' },
    reason: /^GitLab answered 403 to /,
    hint: role,
  },
  {
    name: 'the merge request is not to be seen',
    at: { path: /merge_requests\/17$/, ...always },
    fault: { kind: 'not found' },
    reason: /^GitLab answered 404 to GET \/projects\/42\/merge_requests\/17/,
    hint: /does not exist, or the token may not see it/,
  },
  {
    name: 'GitLab counts our requests for longer than we can wait',
    at: { write: true, nth: 4, ...always },
    fault: { kind: 'rate limit', retryAfterSeconds: 90 },
    reason: /^The review is not complete\. .*(?:limits the requests|are over)/,
    hint: /again later/,
  },
  {
    name: 'the server fails at every thread',
    at: { method: 'POST', path: /discussions$|draft_notes/, ...always },
    fault: { kind: '500' },
    reason: /^The review is not complete\. GitLab answered 500/,
    hint: /continues where this one stopped/,
  },
  {
    name: 'the network goes away',
    at: { nth: 7, ...always },
    fault: { kind: 'reset' },
    reason: /No answer from http/,
    hint: /reachable from this job/,
  },
  {
    name: 'a proxy answers in HTML',
    at: { path: '/discussions', ...always },
    fault: { kind: '502 html' },
    reason: /GitLab answered 502/,
    hint: /Run the job again later/,
  },
]

function isFailed(outcome: ReviewOutcome): outcome is Extract<ReviewOutcome, { kind: 'failed' }> {
  return outcome.kind === 'failed'
}

describe('a failure that lasts', () => {
  it.each(lasting)('is told in a sentence, and the next run completes the review: $name', async (failure) => {
    const { stage, subject, restore } = await busyWorld()
    await using _ = stage
    await post(stage, subject)
    const wanted = stage.gitlab.snapshot()
    restore()
    stage.gitlab.fault(failure.at, failure.fault)
    const { outcome, passed, findings } = await post({ bot: stage.client() }, subject)
    const failed = isFailed(outcome) ? outcome : undefined
    expect(failed?.reason).toMatch(failure.reason)
    expect(failed?.hint).toMatch(failure.hint)
    expect(failed?.reason).not.toContain(stage.gitlab.botToken)
    expect(passed).toBe(false)
    expect(findings.map(({ finding }) => finding)).toEqual(subject.report.findings)
    stage.gitlab.clearFaults()
    expect((await post({ bot: stage.client() }, subject)).outcome.kind).toBe('posted')
    expect(stage.gitlab.snapshot()).toEqual(wanted)
  })

  it('with a 429 that lasts beyond the budget still leaves a summary when that one request is let through', async () => {
    const { stage, subject } = await freshWorld(2)
    await using _ = stage
    stage.gitlab.fault(
      { method: 'POST', path: /draft_notes$|discussions$/, times: Infinity },
      { kind: 'rate limit', retryAfterSeconds: 600 },
    )
    const { outcome, findings } = await post(stage, subject)
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('429') })
    expect(findings.map(({ standing }) => standing)).toEqual(['summary', 'summary'])
    expect((await stickyOf(stage.bot))?.body).toContain('fresh_1')
  })
})

describe('a merge request in which GitLab takes no line at all', () => {
  it.each([false, true])('gets its summary within the time budget (old server: %s)', async (oldServer) => {
    await using stage = await FakeStage.open({ oldServer })
    const tables = Array.from({ length: 200 }, (_, index) => `ALTER TABLE t${index} ADD x int;\n`)
    const subject = subjectOf(await stage.push({ 'a.sql': tables.join('') }))
    const places = new Map(
      [...subject.places].map(([finding, place]) => [finding, { ...place, newLine: place.newLine + 1000 }]),
    )
    const { outcome, findings } = await post(stage, { ...subject, places })
    expect(outcome.kind).toBe('posted')
    expect(new Set(findings.map(({ standing }) => standing))).toEqual(new Set(['summary']))
    expect((await stickyOf(stage.bot))?.body).toContain('200 errors')
    expect(stage.gitlab.requests.filter(({ status }) => status === 400)).toHaveLength(5)
  })
})

describe('a role that may comment but not resolve', () => {
  it('leaves threads open, says how many, and still posts the rest', async () => {
    await using stage = await FakeStage.open({ users: { bot: { role: 'reporter', bot: true } } })
    await reviewPush(
      stage,
      await stage.push({ 'a.sql': 'ALTER TABLE a ADD x int;\nALTER TABLE b ADD x int;\n' }),
    )
    const subject = subjectOf(
      await stage.push({ 'a.sql': 'SELECT 1;\n', 'c.sql': 'ALTER TABLE c ADD x int;\n' }),
    )
    stage.gitlab.clearRequests()
    const { outcome } = await post(stage, subject)
    expect(outcome.kind).toBe('posted')
    const resolves = stage.gitlab
      .writes()
      .filter(({ method, path }) => method === 'PUT' && /discussions\/\w{40}$/.test(path))
    expect(resolves.map(({ status }) => status)).toEqual([403])
    const threads = await findingThreads(stage.bot)
    expect(threads.map(({ path, isOpen }) => [path, isOpen])).toEqual([
      ['a.sql', true],
      ['a.sql', true],
      ['c.sql', true],
    ])
    expect((await stickyOf(stage.bot))?.body).toMatch(/\b2\b[^\n]*\b(?:resolve|open)/)
    expect((await post(stage, subject)).outcome).toMatchObject({ kind: 'posted', writes: 0 })
  })
})

describe('a role that was taken away after a thread was resolved', () => {
  it('lets us say once that the finding is there again, not with every push', async () => {
    await using stage = await FakeStage.open()
    await reviewPush(stage, await stage.push({ 'a.sql': 'ALTER TABLE a ADD x int;\n' }))
    await reviewPush(stage, await stage.push({ 'a.sql': 'SELECT 1;\n' }))
    stage.gitlab.user('bot').role = 'reporter'
    for (const text of ['1', '2', '3']) {
      await reviewPush(stage, await stage.push({ 'a.sql': 'ALTER TABLE a ADD x int;\n', 'b.txt': text }))
    }
    expect(await notesOf(stage.bot, 'reply')).toHaveLength(1)
  })
})

describe('drafts that GitLab goes on publishing after it gave up answering', () => {
  it('become one thread each', async () => {
    const { stage, subject } = await freshWorld(3)
    await using _ = stage
    stage.gitlab.fault({ method: 'POST', path: /bulk_publish$/ }, { kind: '504', saved: false })
    const { outcome } = await review(subject, { server: stage.bot, sleep: () => stage.bot.publishDrafts() })
    expect(outcome.kind).toBe('posted')
    expect(await findingThreads(stage.bot)).toHaveLength(3)
    expect(stage.gitlab.mails).toHaveLength(2)
  })
})

describe('a merge request that changes midway', () => {
  it.each([
    [
      'is pushed to',
      (stage: FakeStage) => void stage.gitlab.push({ 'b.sql': 'SELECT 1;\n' }),
      /moved on to [0-9a-f]{8}/,
    ],
    ['is merged', (stage: FakeStage) => stage.gitlab.merge(), /merge request is merged/],
    ['is closed', (stage: FakeStage) => stage.gitlab.closeMergeRequest(), /merge request is closed/],
  ])('gets no summary of an old state when it %s', async (_, change, reason) => {
    const { stage, subject } = await freshWorld(2)
    await using open = stage
    open.gitlab.before({ method: 'POST', path: /bulk_publish$/ }, () => change(stage))
    const { outcome } = await post(stage, subject)
    expect(outcome).toMatchObject({ kind: 'skipped', reason: expect.stringMatching(reason) })
    expect(await stickyOf(stage.bot)).toBeUndefined()
  })

  it('gets nothing at all when it had changed before', async () => {
    const { stage, subject } = await freshWorld(2)
    await using _ = stage
    stage.gitlab.closeMergeRequest()
    stage.gitlab.clearRequests()
    expect((await post(stage, subject)).outcome.kind).toBe('skipped')
    expect(stage.gitlab.writes()).toEqual([])
  })

  it('gets nothing from a merge train, whose gate knows what was accepted', async () => {
    const { stage, subject } = await freshWorld(1)
    await using _ = stage
    await post(stage, subject)
    const [thread] = await findingThreads(stage.bot)
    await stage.person.reply(thread?.id ?? '', 'pgrehearse allow it is empty')
    stage.gitlab.clearRequests()
    const train = { ...subject, pipeline: { ...subject.pipeline, event: 'merge train' as const } }
    const { outcome, passed } = await post(stage, train)
    expect(outcome).toMatchObject({ kind: 'skipped', reason: expect.stringContaining('merge train') })
    expect(passed).toBe(true)
    expect(stage.gitlab.writes()).toEqual([])
  })

  it('waits for a diff that is not stored yet', async () => {
    const { stage, subject } = await freshWorld(1, { diffRefsMissing: 1 })
    await using _ = stage
    expect((await post(stage, subject)).findings.map(({ standing }) => standing)).toEqual(['thread'])
  })

  it('writes the summary only when the diff is not stored for long', async () => {
    const { stage, subject } = await freshWorld(1, { diffRefsMissing: 50 })
    await using _ = stage
    const { outcome, findings } = await post(stage, subject)
    expect(outcome.kind).toBe('posted')
    expect(findings.map(({ standing }) => standing)).toEqual(['summary'])
  })
})

describe('drafts', () => {
  it('of a person who shares the token are never published, and threads are posted one by one', async () => {
    const { stage, subject } = await freshWorld(3)
    await using _ = stage
    const version = await stage.bot.newestVersion()
    const place = { oldPath: 'db/1.sql', newPath: 'db/1.sql', newLine: 1, suggestion: false }
    if (version === undefined) throw new Error('no version')
    await stage.bot.createDraft('not ready yet', version, place)
    expect((await post(stage, subject)).outcome.kind).toBe('posted')
    expect(await stage.bot.drafts()).toMatchObject([{ body: 'not ready yet' }])
    expect(await findingThreads(stage.bot)).toHaveLength(3)
  })

  it('that a person begins while ours are written are not published either', async () => {
    const { stage, subject } = await freshWorld(3)
    await using _ = stage
    const version = await stage.bot.newestVersion()
    if (version === undefined) throw new Error('no version')
    const sharing = stage.client()
    let begun = false
    stage.gitlab.before({ method: 'POST', path: /draft_notes$/, nth: 3 }, () => {
      if (begun) return
      begun = true
      stage.gitlab.state.drafts.push({
        ...{ id: 1, authorId: stage.gitlab.user('bot').id, note: 'mine', position: null, commitId: null },
        ...{ replyTo: null, resolveDiscussion: false },
      })
    })
    expect((await post(stage, subject)).outcome.kind).toBe('posted')
    expect(await sharing.drafts()).toMatchObject([{ body: 'mine' }])
    expect(await findingThreads(stage.bot)).toHaveLength(3)
  })

  it('that a dead run left behind are deleted, also when there is nothing to create', async () => {
    const { stage, subject } = await freshWorld(1)
    await using _ = stage
    await leaveDraft(stage, subject)
    await post(stage, subject)
    expect(await stage.bot.drafts()).toEqual([])
    expect(await findingThreads(stage.bot)).toHaveLength(1)
  })

  it('cost one mail for all threads', async () => {
    const { stage, subject } = await freshWorld(5)
    await using _ = stage
    await post(stage, subject)
    expect(stage.gitlab.mails.map(({ kind }) => kind)).toEqual(['review', 'note'])
  })

  it('that vanish when they are published halfway are posted one by one, none twice', async () => {
    const { stage, subject } = await freshWorld(4, { bulkPublishFailsAfter: 2 })
    await using _ = stage
    expect((await post(stage, subject)).outcome.kind).toBe('posted')
    expect(await findingThreads(stage.bot)).toHaveLength(4)
    expect(await stage.bot.drafts()).toEqual([])
  })
})

describe('a place that the server does not know', () => {
  it.each([{ oldServer: false }, { oldServer: true }])(
    'moves its finding to the summary (%o)',
    async (options) => {
      const { stage, subject } = await freshWorld(3, options)
      await using _ = stage
      const [broken] = subject.places.keys()
      const places = new Map(
        [...subject.places].map(([finding, place]) => [
          finding,
          finding === broken ? { ...place, newLine: 999 } : place,
        ]),
      )
      const result = await post(stage, { ...subject, places })
      expect(result.outcome.kind).toBe('posted')
      expect(result.findings.map(({ standing }) => standing)).toEqual(['summary', 'thread', 'thread'])
      expect(await findingThreads(stage.bot)).toHaveLength(2)
      stage.gitlab.clearRequests()
      expect((await post(stage, { ...subject, places })).outcome.kind).toBe('posted')
      expect(await findingThreads(stage.bot)).toHaveLength(2)
    },
  )

  it('leaves its thread to the next finding in line', async () => {
    const { stage, subject } = await freshWorld(3)
    await using _ = stage
    const [broken] = subject.places.keys()
    const places = new Map(
      [...subject.places].map(([finding, place]) => [
        finding,
        finding === broken ? { ...place, newLine: 999 } : place,
      ]),
    )
    const { findings } = await post(stage, {
      ...subject,
      places,
      policy: { ...subject.policy, maxThreads: 1 },
    })
    expect(findings.map(({ standing }) => standing)).toEqual(['summary', 'thread', 'over limit'])
    expect(await findingThreads(stage.bot)).toHaveLength(1)
  })
})

describe('two sticky notes of a race', () => {
  it('become one: the oldest stays, ours points to it', async () => {
    const { stage, subject } = await freshWorld(1)
    await using _ = stage
    const other = { ...subject, pipeline: { ...subject.pipeline } }
    let raced = false
    stage.gitlab.before({ method: 'POST', path: /17\/notes$/ }, async () => {
      if (raced) return
      raced = true
      const { body } = stage.gitlab.requests.at(-1) ?? {}
      const text = typeof body === 'object' && body !== null && 'body' in body ? String(body.body) : ''
      stage.gitlab.state.addNote({ body: text, authorId: stage.gitlab.user('bot').id })
    })
    expect((await post(stage, other)).outcome.kind).toBe('posted')
    const [sticky] = await notesOf(stage.bot, 'sticky')
    const [superseded] = await notesOf(stage.bot, 'superseded')
    expect(sticky?.note.id).toBeLessThan(superseded?.note.id ?? 0)
    expect(await stickyOf(stage.bot)).toBeDefined()
    expect((await post(stage, other)).outcome).toMatchObject({ writes: 0 })
  })
})

describe('stopping', () => {
  it('throws what the signal was aborted with, and sends nothing more', async () => {
    const { stage, subject } = await freshWorld(3)
    await using _ = stage
    const controller = new AbortController()
    const stop = new Error('stopped by the user')
    stage.gitlab.before({ method: 'POST', nth: 2 }, () => controller.abort(stop))
    const server = stage.client(stage.gitlab.botToken, { signal: controller.signal })
    await expect(review(subject, { server, signal: controller.signal })).rejects.toBe(stop)
    expect(stage.gitlab.writes()).toHaveLength(2)
  })

  it('keeps the sticky note of a later pipeline of the same commit', async () => {
    const { stage, subject } = await freshWorld(1)
    await using _ = stage
    const later = { ...subject, pipeline: pipelineOf(await stage.pushed()) }
    await post(stage, later)
    const before = stage.gitlab.snapshot()
    expect((await post(stage, subject)).outcome).toMatchObject({ kind: 'skipped' })
    expect(stage.gitlab.snapshot()).toEqual(before)
  })
})
