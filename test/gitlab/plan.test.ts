import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { parseMarker, visibleBody } from '../../src/gitlab/marker.ts'
import type { RemoteThread } from '../../src/gitlab/model.ts'
import { commandAuthors } from '../../src/gitlab/plan-remote.ts'
import { plan } from '../../src/gitlab/plan.ts'
import {
  kindsOf,
  madeQueries,
  review,
  reviewInput,
  writes,
  type MadeFinding,
  type MadeReview,
} from './made-review.ts'
import { pricedReport } from '../reporters/sample-costs.ts'
import {
  author,
  bot,
  isResolvedThread,
  maintainer,
  MemoryMergeRequest,
  reporter,
} from './memory-merge-request.ts'

const orders: MadeFinding = { name: 'orders' }
const clean: MadeReview = { findings: [] }
const found: MadeReview = { findings: [orders] }

/** A merge request with one thread for `orders`. */
function reviewed(made: MadeReview = found): { mergeRequest: MemoryMergeRequest; threadId: string } {
  const mergeRequest = new MemoryMergeRequest()
  review(mergeRequest, made)
  return { mergeRequest, threadId: findingThread(mergeRequest).id }
}

function findingThread(mergeRequest: MemoryMergeRequest, index = 0): RemoteThread {
  const threads = mergeRequest.threads.filter(
    ({ notes: [first] }) => parseMarker(first?.body ?? '')?.kind === 'finding',
  )
  const thread = threads[index]
  if (thread === undefined) throw new Error('no such thread')
  return thread
}

function bodies({ notes }: RemoteThread): readonly string[] {
  return notes.filter(({ system }) => !system).map(({ body }) => visibleBody(body))
}

function sticky(mergeRequest: MemoryMergeRequest): string {
  const notes = mergeRequest.threads.flatMap((thread) => thread.notes)
  return notes.find(({ body }) => parseMarker(body)?.kind === 'sticky')?.body ?? ''
}

/** Runs again after a push. */
function pushAndReview(mergeRequest: MemoryMergeRequest, made: MadeReview): string {
  mergeRequest.push()
  return kindsOf(review(mergeRequest, made).actions)
}

describe('what others go through', () => {
  const waiting = (waitMs: number): MadeReview => ({ findings: [{ ...orders, waitMs }] })

  test('is told in the thread, which is edited when it changes by more than a half', () => {
    const { mergeRequest } = reviewed(waiting(130_000))
    const [before] = bodies(findingThread(mergeRequest))
    expect(before).toContain('Writes wait about 2 min 10 s (1 min 20 s to 3 min 40 s), estimated.')
    expect(pushAndReview(mergeRequest, waiting(100_000))).toBe('edit sticky')
    expect(bodies(findingThread(mergeRequest))).toEqual([before])
    // compared with what stands there, not with the last run: it does not drift
    expect(pushAndReview(mergeRequest, waiting(80_000))).toBe('edit note, edit sticky')
    expect(bodies(findingThread(mergeRequest))[0]).toContain('about 1 min 20 s')
    expect(writes(mergeRequest, waiting(80_000))).toEqual([])
  })

  test('is added once to a thread that an earlier version wrote without it', () => {
    const { mergeRequest } = reviewed(found)
    expect(pushAndReview(mergeRequest, waiting(130_000))).toBe('edit note, edit sticky')
    expect(pushAndReview(mergeRequest, waiting(135_000))).toBe('edit sticky')
  })

  test('does not hide another severity', () => {
    const { mergeRequest } = reviewed(waiting(9900))
    expect(
      pushAndReview(mergeRequest, { findings: [{ ...orders, waitMs: 10_100, severity: 'warning' }] }),
    ).toBe('edit note, edit sticky')
  })
})

describe("the application's queries", () => {
  const file = 'queries/a.sql'
  const own: MadeFinding = { name: 'scan', file, line: 4, query: 'ListOrders' }
  const about = (line: number): MadeReview => ({
    findings: [{ ...own, line }],
    migrations: [],
    queries: madeQueries('ListOrders', file, line),
  })

  test('are named in the thread, which stays as it is while their lines move', () => {
    const waiting = (line: number, ...names: readonly string[]): MadeReview => ({
      findings: [{ ...orders, line, waiting: names }],
    })
    const { mergeRequest } = reviewed(waiting(1, 'ListOrders', 'GetOrder'))
    const [body] = bodies(findingThread(mergeRequest))
    expect(body).toContain(
      '2 queries wait: `ListOrders` (`queries/a.sql`, 12 per second), `GetOrder` (`queries/a.sql`, 12 per second)',
    )
    expect(pushAndReview(mergeRequest, waiting(30, 'ListOrders', 'GetOrder'))).toBe('edit sticky')
    expect(pushAndReview(mergeRequest, waiting(30, 'ListOrders'))).toBe('edit note, edit sticky')
  })

  test('have threads of their own, which follow a query to other lines', () => {
    const { mergeRequest } = reviewed(about(4))
    expect(pushAndReview(mergeRequest, about(40))).toBe('edit sticky')
    expect(pushAndReview(mergeRequest, { ...about(40), findings: [] })).toBe(
      'resolve, edit note, edit sticky',
    )
  })

  test.each(['plans-not-compared', 'queries-not-planned', 'queries-not-compared', 'queries-not-checked'])(
    'keep their threads when this run says %s',
    (code) => {
      const { mergeRequest } = reviewed(about(4))
      const less = {
        ...about(4),
        findings: [],
        notChecked: [{ code, message: 'Time was over.' }],
        ...(pricedReport.production === undefined ? {} : { production: pricedReport.production }),
      }
      expect(pushAndReview(mergeRequest, less)).toBe('edit sticky')
    },
  )

  test('lose their threads also where production was never known', () => {
    const { mergeRequest } = reviewed(about(4))
    const none = { code: 'plans-not-compared', message: 'Nothing is known of production.' }
    expect(pushAndReview(mergeRequest, { ...about(4), findings: [], notChecked: [none] })).toBe(
      'resolve, edit note, edit sticky',
    )
  })
})

describe('a finding that is there', () => {
  test('gets a thread, and the sticky note comes last', () => {
    expect(kindsOf(writes(new MemoryMergeRequest(), found))).toBe('create thread, create sticky')
  })

  test('stands in the summary when no line of the diff holds it', () => {
    const mergeRequest = new MemoryMergeRequest()
    const { actions, findings } = review(mergeRequest, { findings: [{ ...orders, place: false }] })
    expect([kindsOf(actions), findings[0]?.standing]).toEqual(['create sticky', 'summary'])
  })

  test('leaves its thread alone when nothing is new', () => {
    const { mergeRequest } = reviewed()
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
    expect(pushAndReview(mergeRequest, { findings: [{ ...orders, line: 9 }] })).toBe('edit sticky')
  })

  test('has its thread edited when its wording changed', () => {
    const { mergeRequest } = reviewed()
    const reworded = { findings: [{ ...orders, message: 'Says more.' }] }
    expect(pushAndReview(mergeRequest, reworded)).toBe('edit note, edit sticky')
    expect(bodies(findingThread(mergeRequest))[0]).toContain('Says more.')
  })

  test('has its thread edited when it is known in another way', () => {
    const { mergeRequest } = reviewed()
    review(mergeRequest, { findings: [{ ...orders, evidence: 'predicted' }] })
    expect(parseMarker(findingThread(mergeRequest).notes[0]?.body ?? '')?.evidence).toBe('predicted')
  })

  test('leaves a thread alone in which somebody wrote', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'Is it?')
    const before = findingThread(mergeRequest)
    expect(pushAndReview(mergeRequest, { findings: [{ ...orders, message: 'Says more.' }] })).toBe(
      'edit sticky',
    )
    expect(findingThread(mergeRequest)).toMatchObject({ notes: before.notes })
  })

  test('leaves a thread alone that somebody resolved, and counts for the gate', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.setResolved(author, threadId, true)
    const { actions, findings, passed } = review(mergeRequest, found)
    expect(kindsOf(actions)).toBe('edit sticky')
    expect(findings[0]).toMatchObject({ standing: 'acknowledged', by: author })
    expect(passed).toBe(false)
  })

  test('stays resolved when a person resolved it with the account of our token', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.setResolved(bot, threadId, true)
    expect(kindsOf(review(mergeRequest, found).actions)).toBe('edit sticky')
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(true)
  })

  test('has its thread reopened when we had resolved it, and says so once', () => {
    const { mergeRequest } = reviewed()
    pushAndReview(mergeRequest, clean)
    expect(pushAndReview(mergeRequest, found)).toBe('reply, reopen, edit note, edit sticky')
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(false)
    expect(bodies(findingThread(mergeRequest))).toEqual([
      expect.not.stringContaining('No longer found'),
      expect.stringContaining('Found again'),
    ])
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
  })

  test('gets a new thread when people went on talking in the one that we had resolved', () => {
    const { mergeRequest, threadId } = reviewed()
    pushAndReview(mergeRequest, clean)
    mergeRequest.reply(author, threadId, 'thanks!')
    expect(pushAndReview(mergeRequest, found)).toBe('create thread, edit sticky')
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
  })

  test('keeps its thread when its file is renamed, which the thread then knows', () => {
    const { mergeRequest } = reviewed()
    const renamed = { findings: [{ ...orders, file: 'b.sql' }] }
    expect(pushAndReview(mergeRequest, renamed)).toBe('edit note, edit sticky')
    expect(kindsOf(writes(mergeRequest, renamed))).toBe('')
  })

  test('has a thread per file, and each keeps its own', () => {
    const both = { findings: [orders, { ...orders, file: 'b.sql', message: 'In b.' }] }
    const { mergeRequest } = reviewed(both)
    expect(pushAndReview(mergeRequest, { findings: both.findings.slice(1) })).toBe(
      'resolve, edit note, edit sticky',
    )
    expect(isResolvedThread(findingThread(mergeRequest, 0))).toBe(true)
    expect(isResolvedThread(findingThread(mergeRequest, 1))).toBe(false)
  })

  test('has a thread per statement when equal statements stand in one file', () => {
    const twice = {
      findings: [
        { ...orders, line: 1 },
        { ...orders, line: 5 },
      ],
    }
    const { mergeRequest } = reviewed(twice)
    expect(mergeRequest.threads).toHaveLength(3)
    expect(kindsOf(writes(mergeRequest, twice))).toBe('')
    expect(pushAndReview(mergeRequest, found)).toBe('resolve, edit note, edit sticky')
    expect(isResolvedThread(findingThread(mergeRequest, 0))).toBe(false)
    expect(bodies(findingThread(mergeRequest, 1))[0]).not.toContain('No longer found')
  })

  test('keeps its thread when a graver twin stands below it in the file', () => {
    const twins: MadeReview = { findings: [{ ...orders, severity: 'info', message: 'Here.' }, orders] }
    const { mergeRequest } = reviewed(twins)
    expect(kindsOf(writes(mergeRequest, twins))).toBe('')
  })

  test('makes one thread only when its twin in the same file cannot have one', () => {
    const twins = { findings: [{ ...orders, place: false }, orders, { ...orders, allowed: true }] }
    const { mergeRequest } = reviewed(twins)
    expect(kindsOf(writes(mergeRequest, twins))).toBe('')
  })

  test('keeps the oldest of several threads, and resolves younger ones without calling them fixed', () => {
    const { mergeRequest } = reviewed()
    const body = findingThread(mergeRequest).notes[0]?.body ?? ''
    mergeRequest.comment(bot, body, false)
    expect(kindsOf(review(mergeRequest, found).actions)).toBe('resolve, edit note')
    expect(isResolvedThread(findingThread(mergeRequest, 0))).toBe(false)
    expect(bodies(findingThread(mergeRequest, 1))).toEqual([visibleBody(body)])
  })

  test('that an allow comment accepts gets no thread, and the one that it has is resolved', () => {
    const allowed = { findings: [{ ...orders, allowed: true }] }
    expect(kindsOf(writes(new MemoryMergeRequest(), allowed))).toBe('create sticky')
    const { mergeRequest } = reviewed()
    expect(pushAndReview(mergeRequest, allowed)).toBe('resolve, edit note, edit sticky')
    expect(bodies(findingThread(mergeRequest))[0]).not.toContain('No longer found')
  })
})

describe('a finding that is gone', () => {
  test('has its thread resolved, then the text says where it was fixed', () => {
    const { mergeRequest } = reviewed()
    expect(pushAndReview(mergeRequest, clean)).toBe('resolve, edit note, edit sticky')
    expect(bodies(findingThread(mergeRequest))[0]).toContain('No longer found')
    expect(kindsOf(writes(mergeRequest, clean))).toBe('')
  })

  test('leaves open what people talk about, and the summary counts it', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'I shall fix it.')
    expect(pushAndReview(mergeRequest, clean)).toBe('edit sticky')
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(false)
  })

  test('stays open when somebody reopens it by hand', () => {
    const { mergeRequest, threadId } = reviewed()
    pushAndReview(mergeRequest, clean)
    mergeRequest.setResolved(maintainer, threadId, false)
    expect(pushAndReview(mergeRequest, clean)).toBe('edit sticky')
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(false)
  })

  test('is resolved although an earlier run died while it reopened the thread', () => {
    const { mergeRequest } = reviewed()
    pushAndReview(mergeRequest, { ...clean, pipelineId: 2 })
    mergeRequest.push()
    mergeRequest.apply(writes(mergeRequest, { ...found, pipelineId: 3 }).slice(0, 2))
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(false)
    mergeRequest.push()
    expect(kindsOf(review(mergeRequest, { ...clean, pipelineId: 4 }).actions)).toBe(
      'resolve, edit note, edit sticky',
    )
    expect(kindsOf(writes(mergeRequest, { ...clean, pipelineId: 4 }))).toBe('')
  })

  test('is resolved in its old file when the file was deleted', () => {
    const { mergeRequest } = reviewed()
    expect(pushAndReview(mergeRequest, { findings: [], migrations: [] })).toBe(
      'resolve, edit note, edit sticky',
    )
  })

  const limit = {
    code: 'file-not-rehearsed',
    message: 'db/a.sql, b.sql and 1 more are not rehearsed: too old.',
  }
  test.each<[string, MadeReview]>([
    ['was not rehearsed', { findings: [], migrations: [{ file: 'a.sql', outcome: 'not rehearsed' }] }],
    ['was only predicted', { findings: [], migrations: [{ file: 'a.sql', outcome: 'predicted' }] }],
    [
      'failed before its end',
      { findings: [], migrations: [{ file: 'a.sql', outcome: 'failed', measured: false }] },
    ],
    [
      'holds a statement that could not be seen whole',
      {
        findings: [],
        notChecked: [{ code: 'gate-incomplete', message: 'Cut short.', span: spanIn('a.sql') }],
      },
    ],
    [
      'was skipped',
      { findings: [], migrations: [], notChecked: [{ ...limit, message: limit.message.replace('db/', '') }] },
    ],
  ])('keeps its thread open when its migration %s', (_, made) => {
    const { mergeRequest } = reviewed()
    expect(pushAndReview(mergeRequest, made)).toBe('edit sticky')
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(false)
  })

  test('keeps its thread open when a limit names its file below the folder of the project', () => {
    const inFolder = { findings: [{ ...orders, file: 'sub/db/a.sql' }], prefix: 'sub/' }
    const { mergeRequest } = reviewed(inFolder)
    expect(
      pushAndReview(mergeRequest, { ...inFolder, findings: [], migrations: [], notChecked: [limit] }),
    ).toBe('edit sticky')
  })

  test('is resolved when a limit says something harmless about its file', () => {
    const { mergeRequest } = reviewed()
    const notChecked = [{ code: 'depends-on-data', message: 'Rows decide.', span: spanIn('a.sql') }]
    expect(pushAndReview(mergeRequest, { findings: [], notChecked })).toBe('resolve, edit note, edit sticky')
  })

  test('is resolved when it was a prediction and prediction no longer says it', () => {
    const predicted: MadeFinding = { ...orders, evidence: 'predicted' }
    const { mergeRequest } = reviewed({ findings: [predicted] })
    const made: MadeReview = { findings: [], migrations: [{ file: 'a.sql', outcome: 'predicted' }] }
    expect(pushAndReview(mergeRequest, made)).toBe('resolve, edit note, edit sticky')
  })
})

describe('a run that dies', () => {
  /** Carries out the first actions only, then runs again. */
  function after(done: number, mergeRequest: MemoryMergeRequest, made: MadeReview): readonly string[] {
    const copy = mergeRequest.copy()
    copy.apply(writes(copy, made).slice(0, done))
    review(copy, made)
    return copy.visible()
  }

  test.each([0, 1, 2, 3])('after %i steps of reopening is made good by the next', (done) => {
    const { mergeRequest } = reviewed()
    pushAndReview(mergeRequest, clean)
    mergeRequest.push()
    expect(kindsOf(writes(mergeRequest, found))).toBe('reply, reopen, edit note, edit sticky')
    expect(after(done, mergeRequest, found)).toEqual(after(4, mergeRequest, found))
  })

  test.each([0, 1])('after %i steps of resolving is made good by the next', (done) => {
    const { mergeRequest } = reviewed()
    mergeRequest.push()
    expect(after(done, mergeRequest, clean)).toEqual(after(3, mergeRequest, clean))
  })

  test.each([0, 1, 2, 3])(
    'after %i steps of accepting in one of two equal threads is made good by the next',
    (done) => {
      const { mergeRequest } = reviewed()
      const body = findingThread(mergeRequest).notes[0]?.body ?? ''
      const younger = mergeRequest.comment(bot, body, false)
      mergeRequest.reply(author, younger, 'pgrehearse allow it is small')
      const whole = after(9, mergeRequest, found)
      expect(after(done, mergeRequest, found)).toEqual(whole)
      expect(review(mergeRequest, found).passed).toBe(true)
    },
  )
})

describe('the number of threads', () => {
  const many: readonly MadeFinding[] = [
    { name: 'a', severity: 'info' },
    { name: 'b', severity: 'error' },
    { name: 'c', severity: 'warning' },
    { name: 'd', severity: 'error' },
  ]

  test('is limited to the gravest findings', () => {
    const { actions, findings } = plan(
      reviewInput(new MemoryMergeRequest(), { findings: many, maxThreads: 3 }),
    )
    const created = actions.flatMap((action) =>
      action.kind === 'create thread' ? [action.finding.object] : [],
    )
    expect(created).toEqual(['b', 'd', 'c'])
    expect(findings.map(({ standing }) => standing)).toEqual(['over limit', 'thread', 'thread', 'thread'])
  })

  test('counts threads that are open already, which stay', () => {
    const mergeRequest = new MemoryMergeRequest()
    review(mergeRequest, { findings: many.slice(0, 1), maxThreads: 1 })
    const { actions } = review(mergeRequest, { findings: many, maxThreads: 1 })
    expect(kindsOf(actions)).toBe('edit sticky')
  })

  test('grows again when threads are resolved', () => {
    const mergeRequest = new MemoryMergeRequest()
    review(mergeRequest, { findings: many.slice(0, 1), maxThreads: 1 })
    expect(pushAndReview(mergeRequest, { findings: many.slice(1), maxThreads: 1 })).toBe(
      'create thread, resolve, edit note, edit sticky',
    )
  })
})

describe('a thread that the server does not let us resolve', () => {
  test('is left as it is, and the sticky note counts it', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.push()
    const made = { ...clean, forbiddenThreads: new Set([threadId]) }
    expect(kindsOf(review(mergeRequest, made).actions)).toBe('edit sticky')
    expect(kindsOf(writes(mergeRequest, made))).toBe('')
    expect(sticky(mergeRequest)).toMatch(/1 thread/)
  })
})

describe('a suggestion in a thread', () => {
  const suggesting: MadeReview = { findings: [{ ...orders, line: 4, suggestion: true }] }
  const text = (mergeRequest: MemoryMergeRequest): string => bodies(findingThread(mergeRequest))[0] ?? ''

  test('is there from the start and follows its line', () => {
    const { mergeRequest } = reviewed(suggesting)
    expect(text(mergeRequest)).toContain('```suggestion')
    mergeRequest.push(2)
    const moved = { findings: [{ ...orders, line: 6, suggestion: true }] }
    expect(kindsOf(review(mergeRequest, moved).actions)).toBe('edit sticky')
  })

  test('is taken back when the thread hangs on another line than the suggestion replaces', () => {
    const { mergeRequest } = reviewed(suggesting)
    mergeRequest.push()
    const elsewhere = { findings: [{ ...orders, line: 9, suggestion: true }] }
    expect(kindsOf(review(mergeRequest, elsewhere).actions)).toBe('edit note, edit sticky')
    expect(text(mergeRequest)).not.toContain('```suggestion')
  })

  test('is added later where the thread hangs on its line', () => {
    const { mergeRequest } = reviewed({ findings: [{ ...orders, line: 4 }] })
    mergeRequest.push()
    review(mergeRequest, suggesting)
    expect(text(mergeRequest)).toContain('```suggestion')
  })
})

describe('markers that are not ours', () => {
  test('of somebody else, another merge request or another review are not believed', () => {
    const { mergeRequest } = reviewed()
    const body = findingThread(mergeRequest).notes[0]?.body ?? ''
    const forged = new MemoryMergeRequest()
    forged.comment(author, body, false)
    forged.comment(bot, body.replace('mr=42:7', 'mr=42:8'), false)
    forged.comment(bot, body.replace('n=default', 'n=other'), false)
    expect(kindsOf(review(forged, found).actions)).toBe('create thread, create sticky')
    expect(kindsOf(writes(forged, found))).toBe('')
  })

  test('a review with another name has notes of its own', () => {
    const { mergeRequest } = reviewed()
    expect(kindsOf(review(mergeRequest, { ...found, name: 'billing' }).actions)).toBe(
      'create thread, create sticky',
    )
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
    expect(kindsOf(writes(mergeRequest, { ...found, name: 'billing' }))).toBe('')
  })

  test('a name that could end the comment is refused', () => {
    const input = reviewInput(new MemoryMergeRequest(), { ...found, name: 'a--b' })
    expect(() => plan(input)).toThrow(UsageError)
  })

  test('a note of our account without a marker is a person with our token', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(bot, threadId, 'I disagree.')
    expect(pushAndReview(mergeRequest, clean)).toBe('edit sticky')
  })

  test('lines of history are nobody’s words', () => {
    const { mergeRequest } = reviewed()
    mergeRequest.push(3)
    expect(findingThread(mergeRequest).notes.some(({ system }) => system)).toBe(true)
    expect(kindsOf(review(mergeRequest, clean).actions)).toBe('resolve, edit note, edit sticky')
  })
})

test('only authors of allow commands have their access level asked', () => {
  const { mergeRequest, threadId } = reviewed()
  mergeRequest.reply(author, threadId, 'pgrehearse help')
  mergeRequest.reply(reporter, threadId, 'pgrehearse allow it is small')
  mergeRequest.reply(maintainer, threadId, 'hm')
  expect([...commandAuthors(mergeRequest.threads, bot)]).toEqual([reporter.id])
})

function spanIn(file: string) {
  const position = { line: 1, column: 1, offset: 0 }
  return { file, start: position, end: position }
}
