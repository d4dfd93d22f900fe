/**
 * Property 3: two pipelines, an old and a new one, whose requests come in any order.
 *
 * Without `resource_group` GitLab leaves a window: a pipeline looks at the merge request, and before its next request
 * arrives a push, and perhaps the new pipeline's review, come in between. That single write of the old one is then done
 * all the same. What the window can do is stated here, and that the next run repairs it.
 */
import { describe, expect, it } from 'vitest'
import type { ReviewResult, ReviewSubject } from '../../src/gitlab/execute.ts'
import { parseMarker } from '../../src/gitlab/marker.ts'
import { FakeStage } from './fake-stage.ts'
import { Random } from './random.ts'
import { findingThreads, notesOf, post, reviewPush, stickyOf, subjectOf, type Files } from './story.ts'
import { Turns, type Sent } from './turns.ts'

const alter = (table: string): string => `ALTER TABLE ${table} ADD COLUMN x int;\n`
const oldPush: Files = { 'kept.sql': alter('kept'), 'gone.sql': alter('gone'), 'past.sql': 'SELECT 1;\n' }
const newPush: Files = { 'gone.sql': 'SELECT 1;\n', 'new.sql': alter('brand_new') }

interface Interleaving {
  /** Turns of `old`, `push` and `new`; the push comes once. */
  readonly schedule: readonly string[]
  /** Was the merge request reviewed before? */
  readonly isReviewed: boolean
}

interface Race {
  readonly stage: FakeStage
  readonly old: ReviewResult
  readonly newer: ReviewResult
  readonly newSubject: ReviewSubject
  /** All requests of both, and the push. */
  readonly sent: readonly Sent[]
}

async function race({ schedule, isReviewed }: Interleaving): Promise<Race> {
  const stage = await FakeStage.open()
  if (isReviewed) {
    await reviewPush(stage, await stage.push({ 'kept.sql': alter('kept'), 'past.sql': alter('past') }))
  }
  const oldSubject = subjectOf(await stage.push(oldPush))
  const turns = new Turns(schedule)
  const clientOf = (who: string) => stage.client(stage.gitlab.botToken, { fetch: turns.fetchOf(who) })
  const pushing = turns.run('push', () =>
    turns.turn('push', () => {
      turns.sent.push({ who: 'push', method: '', path: '' })
      stage.gitlab.push(newPush)
    }),
  )
  const newRun = async () => {
    await pushing
    const newSubject = subjectOf(await stage.pushed())
    return { newSubject, newer: await post({ bot: clientOf('new') }, newSubject) }
  }
  const [old, news] = await Promise.all([
    turns.run('old', () => post({ bot: clientOf('old') }, oldSubject)),
    turns.run('new', newRun),
  ])
  return { stage, old, ...news, sent: turns.sent }
}

const times = (count: number, who: string): readonly string[] => Array.from({ length: count }, () => who)

/** More than any run of this test sends. */
const enough = 60

/** Visible writes of the old pipeline that came after the push. */
function lateWrites(sent: readonly Sent[]): readonly Sent[] {
  const pushedAt = sent.findIndex(({ who }) => who === 'push')
  return sent.slice(pushedAt).filter(({ who, method, path }) => who === 'old' && isVisibleWrite(method, path))
}

function isVisibleWrite(method: string, path: string): boolean {
  return method !== 'GET' && !/draft_notes(?:\/\d+)?$/.test(path)
}

async function check(interleaving: Interleaving, context: string): Promise<'undisturbed' | 'repaired'> {
  const { stage, old, newer, newSubject, sent } = await race(interleaving)
  await using _ = stage
  const late = lateWrites(sent)
  expect(newer.outcome.kind, context).toBe('posted')
  // never more than the one write that was under way
  expect(late.length, context).toBeLessThanOrEqual(1)
  const isStickyLate = late.some(({ path }) => /\/17\/notes(?:\/\d+)?$/.test(path))
  const stickies = await notesOf(stage.bot, 'sticky')
  const pipelines = stickies.map(({ note }) => parseMarker(note.body)?.pipelineId)
  expect(isStickyLate || pipelines.join(), context).toBe(isStickyLate || `${newSubject.pipeline.pipelineId}`)
  expect(['posted', 'skipped'], context).toContain(old.outcome.kind)
  // the next run of the newest pipeline
  const next = await post({ bot: stage.client() }, newSubject)
  const isRepair = next.outcome.kind === 'posted' && next.outcome.writes > 0
  expect(late.length === 0 && isRepair, context).toBe(false)
  const threads = await findingThreads(stage.bot)
  const open = threads.filter(({ isOpen }) => isOpen).map(({ path }) => path)
  expect(
    open.filter((path) => path === 'kept.sql'),
    context,
  ).toHaveLength(1)
  expect(
    open.filter((path) => path === 'new.sql'),
    context,
  ).toHaveLength(1)
  expect(open, context).toHaveLength(2)
  const sticky = await stickyOf(stage.bot)
  expect(parseMarker(sticky?.body ?? '')?.pipelineId, context).toBe(newSubject.pipeline.pipelineId)
  expect(await stage.bot.drafts(), context).toEqual([])
  expect((await post({ bot: stage.client() }, newSubject)).outcome, context).toMatchObject({ writes: 0 })
  return isRepair ? 'repaired' : 'undisturbed'
}

describe.each([
  { isReviewed: false, longest: 22, name: 'a first review' },
  { isReviewed: true, longest: 32, name: 'a review that is there' },
])('an old and a new pipeline at $name', ({ isReviewed, longest }) => {
  it(
    'end in the review of the new one, wherever the push and the whole new run come between',
    { timeout: 120_000 },
    async () => {
      const ends = new Set<string>()
      for (let before = 1; before <= longest; before++) {
        const schedule = [...times(before, 'old'), 'push', ...times(enough, 'new'), ...times(enough, 'old')]
        ends.add(await check({ schedule, isReviewed }, `${before} requests of the old one first`))
      }
      expect(ends).toEqual(new Set(['undisturbed', 'repaired']))
    },
  )

  it('end in the review of the new one in any order of requests', { timeout: 120_000 }, async () => {
    const ends: string[] = []
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) {
      const random = new Random(seed)
      const mixed = Array.from({ length: enough }, () => (random.chance(0.5) ? 'old' : 'new'))
      const schedule = [...times(random.below(24), 'old'), 'push', ...mixed]
      ends.push(await check({ schedule, isReviewed }, `seed ${seed}`))
    }
    expect(ends).toContain('undisturbed')
  })
})

describe('two pipelines of the same commit', () => {
  it(
    'leave one summary and one open thread for each finding, at the latest after the next run',
    { timeout: 120_000 },
    async () => {
      for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
        const random = new Random(seed)
        await using stage = await FakeStage.open()
        const pushed = await stage.push(oldPush)
        const turns = new Turns(
          Array.from({ length: enough }, () => (random.chance(0.5) ? 'first' : 'second')),
        )
        const runs = ['first', 'second'].map((who) => {
          const bot = stage.client(stage.gitlab.botToken, { fetch: turns.fetchOf(who) })
          return turns.run(who, () => post({ bot }, subjectOf(pushed)))
        })
        await Promise.all(runs)
        const latest = subjectOf(pushed)
        expect((await post(stage, latest)).outcome.kind, `seed ${seed}`).toBe('posted')
        const open = (await findingThreads(stage.bot)).filter(({ isOpen }) => isOpen)
        expect(new Set(open.map(({ path }) => path)), `seed ${seed}`).toEqual(
          new Set(['kept.sql', 'gone.sql']),
        )
        expect(open, `seed ${seed}`).toHaveLength(2)
        const sticky = await stickyOf(stage.bot)
        expect(parseMarker(sticky?.body ?? '')?.pipelineId).toBe(latest.pipeline.pipelineId)
        expect((await post(stage, latest)).outcome, `seed ${seed}`).toMatchObject({ writes: 0 })
      }
    },
  )
})
