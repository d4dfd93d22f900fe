/** Every passing fault, at every kind of request: the run gets over it, and the state is the one without the fault. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Fault, RequestMatcher, Snapshot } from '../fake-gitlab/index.ts'
import { post } from './story.ts'
import { busyWorld, freshWorld, type World } from './worlds.ts'

interface NamedFault {
  readonly name: string
  readonly fault: Fault
  /** The client waits for an answer that never comes, for real. */
  readonly isSlow?: boolean
}

const faults: readonly NamedFault[] = [
  { name: '429 with Retry-After', fault: { kind: 'rate limit', retryAfterSeconds: 7 } },
  { name: '429 without', fault: { kind: 'rate limit' } },
  { name: '500, not done', fault: { kind: '500' } },
  { name: '500, done', fault: { kind: '500', saved: true } },
  { name: '502 in HTML, not done', fault: { kind: '502 html' } },
  { name: '502 in HTML, done', fault: { kind: '502 html', saved: true } },
  { name: '503, not done', fault: { kind: '503' } },
  { name: '504, done', fault: { kind: '504', saved: true } },
  { name: 'no answer, not done', fault: { kind: 'hang' }, isSlow: true },
  { name: 'no answer, done', fault: { kind: 'hang', saved: true }, isSlow: true },
  { name: 'a reset, not done', fault: { kind: 'reset' } },
  { name: 'a reset, done', fault: { kind: 'reset', saved: true } },
  { name: 'a reset in the middle of the answer', fault: { kind: 'reset midway' } },
  { name: 'half of the JSON', fault: { kind: 'truncated' } },
  { name: '409 resource lock', fault: { kind: 'resource lock' } },
]

/** A read leaves nothing behind, so that done or not done is the same. */
const readFaults = faults.filter(({ name }) => !/not done|without/.test(name))

interface Place {
  readonly world: keyof typeof makers
  readonly name: string
  readonly at: RequestMatcher
}

const makers = {
  'a review that is there': busyWorld,
  'a first review': () => freshWorld(1),
  'an old server': () => freshWorld(3, { oldServer: true }),
}

const places: readonly Place[] = [
  ...inBusyWorld('the deletion of an old draft', 'DELETE', /draft_notes\/\d+$/),
  ...inBusyWorld('a draft', 'POST', /draft_notes$/, 2),
  ...inBusyWorld('the publication of the drafts', 'POST', /bulk_publish$/),
  ...inBusyWorld('a reply', 'POST', /discussions\/\w+\/notes$/),
  ...inBusyWorld('a resolve', 'PUT', /discussions\/\w{40}$/),
  ...inBusyWorld('an edit in a thread', 'PUT', /discussions\/\w+\/notes\/\d+$/, 2),
  ...inBusyWorld('an edit of the sticky note', 'PUT', /17\/notes\/\d+$/),
  ...inBusyWorld('the list of threads', 'GET', /discussions$/),
  ...inBusyWorld('the second list of threads', 'GET', /discussions$/, 2),
  ...inBusyWorld('the list of drafts after their publication', 'GET', /draft_notes$/, 4),
  { world: 'a first review', name: 'a thread', at: { method: 'POST', path: /discussions$/ } },
  { world: 'a first review', name: 'the sticky note', at: { method: 'POST', path: /17\/notes$/ } },
  { world: 'a first review', name: 'the user of the token', at: { method: 'GET', path: /^\/user$/ } },
  { world: 'an old server', name: 'the second thread', at: { method: 'POST', path: /discussions$/, nth: 2 } },
]

function inBusyWorld(name: string, method: string, path: RegExp, nth = 1): readonly Place[] {
  return [{ world: 'a review that is there', name, at: { method, path, nth } }]
}

describe.each(Object.entries(makers))('after a fault in %s', (worldName, make) => {
  let world: World
  let wanted: Snapshot

  beforeAll(async () => {
    world = await make()
    await post(world.stage, world.subject)
    wanted = world.stage.gitlab.snapshot()
  }, 30_000)
  afterAll(() => world.stage[Symbol.asyncDispose]())

  const here = places.filter((place) => place.world === worldName)
  it.each(here)('at $name the review is as if nothing had happened', { timeout: 60_000 }, async ({ at }) => {
    const { stage, subject, restore } = world
    const { gitlab } = stage
    for (const { name, fault, isSlow } of at.method === 'GET' ? readFaults : faults) {
      restore()
      let strikes = 0
      gitlab.before(at, () => {
        strikes += 1
      })
      gitlab.fault(at, fault)
      const bot = stage.client(gitlab.botToken, isSlow === true ? { requestTimeoutMs: 400 } : {})
      const { outcome } = await post({ bot }, subject)
      expect(strikes, name).toBe(1)
      expect(outcome, name).toMatchObject({ kind: 'posted' })
      expect(gitlab.snapshot(), name).toEqual(wanted)
    }
    gitlab.clearFaults()
    expect((await post(stage, subject)).outcome).toMatchObject({ kind: 'posted', writes: 0 })
    expect(gitlab.snapshot()).toEqual(wanted)
  })
})
