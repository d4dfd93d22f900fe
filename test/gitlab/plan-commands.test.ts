import { describe, expect, test } from 'vitest'
import { parseMarker, visibleBody } from '../../src/gitlab/marker.ts'
import type { AllowBy, RemoteThread, RemoteUser } from '../../src/gitlab/model.ts'
import { plan } from '../../src/gitlab/plan.ts'
import { kindsOf, review, reviewInput, writes, type MadeReview } from './made-review.ts'
import { author, isResolvedThread, maintainer, MemoryMergeRequest, reporter } from './memory-merge-request.ts'

const found: MadeReview = { findings: [{ name: 'orders' }] }

function reviewed(): { mergeRequest: MemoryMergeRequest; threadId: string } {
  const mergeRequest = new MemoryMergeRequest()
  review(mergeRequest, found)
  return { mergeRequest, threadId: findingThread(mergeRequest).id }
}

function findingThread(mergeRequest: MemoryMergeRequest): RemoteThread {
  const thread = mergeRequest.threads.find(
    ({ notes: [first] }) => parseMarker(first?.body ?? '')?.kind === 'finding',
  )
  if (thread === undefined) throw new Error('no thread')
  return thread
}

function answers(mergeRequest: MemoryMergeRequest): readonly string[] {
  return mergeRequest.threads
    .flatMap(({ notes }) => notes)
    .filter(({ body }) => parseMarker(body)?.kind === 'answer')
    .map(({ body }) => visibleBody(body))
}

function stickyThread(mergeRequest: MemoryMergeRequest): RemoteThread {
  const thread = mergeRequest.threads.find(
    ({ notes: [first] }) => parseMarker(first?.body ?? '')?.kind === 'sticky',
  )
  if (thread === undefined) throw new Error('no sticky note')
  return thread
}

function stickyText(mergeRequest: MemoryMergeRequest): string {
  return stickyThread(mergeRequest).notes[0]?.body ?? ''
}

describe('pgrehearse allow, in the thread of a finding', () => {
  test('accepts it: answered once, resolved, passed by the gate', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'pgrehearse allow the table is small')
    const { actions, findings, passed } = review(mergeRequest, found)
    expect(kindsOf(actions)).toBe('reply, resolve, edit note, edit sticky')
    expect(passed).toBe(true)
    expect(findings[0]).toMatchObject({
      standing: 'accepted',
      acceptance: { by: author, reason: 'the table is small' },
    })
    expect(answers(mergeRequest)).toEqual([expect.stringContaining('Accepted by')])
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(true)
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
  })

  test('goes on accepting after a push that changes something else', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'pgrehearse allow the table is small')
    review(mergeRequest, found)
    mergeRequest.push(3)
    const { actions, passed } = review(mergeRequest, { findings: [{ name: 'orders', line: 4 }] })
    expect([kindsOf(actions), passed]).toEqual(['edit sticky', true])
  })

  test.each<[AllowBy, RemoteUser, boolean]>([
    ['developer', author, true],
    ['developer', reporter, false],
    ['maintainer', author, false],
    ['maintainer', maintainer, true],
    ['not-the-author', author, false],
    ['not-the-author', maintainer, true],
    ['not-the-author', reporter, false],
  ])('where %s may accept, by $username: %j', (allowBy, by, may) => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(by, threadId, 'pgrehearse allow the table is small')
    const { passed } = review(mergeRequest, { ...found, allowBy })
    expect(passed).toBe(may)
    expect(answers(mergeRequest)).toEqual([expect.stringContaining(may ? 'Accepted by' : 'Not accepted')])
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(may)
    expect(kindsOf(writes(mergeRequest, { ...found, allowBy }))).toBe('')
  })

  test('by somebody whose access level is not known accepts nothing', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply({ id: 99, username: 'stranger' }, threadId, 'pgrehearse allow the table is small')
    expect(review(mergeRequest, found).passed).toBe(false)
  })

  test('has its answer edited when the policy changes its mind', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'pgrehearse allow the table is small')
    review(mergeRequest, { ...found, allowBy: 'maintainer' })
    expect(kindsOf(review(mergeRequest, found).actions)).toBe('edit note, resolve, edit note, edit sticky')
    expect(answers(mergeRequest)).toEqual([expect.stringContaining('Accepted by')])
  })

  test('counts when somebody permitted repeats it', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(reporter, threadId, 'pgrehearse allow the table is small')
    mergeRequest.reply(maintainer, threadId, 'pgrehearse allow the table is small')
    const { findings } = review(mergeRequest, found)
    expect(findings[0]).toMatchObject({ standing: 'accepted', by: maintainer })
    expect(answers(mergeRequest)).toHaveLength(2)
  })

  test('without a reason is asked for one', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'pgrehearse allow')
    expect(review(mergeRequest, found).passed).toBe(false)
    expect(answers(mergeRequest)).toEqual([expect.stringContaining('a reason is missing')])
  })

  test('counts in a thread in which people talk, which stays as it is', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'It is small.')
    mergeRequest.reply(maintainer, threadId, 'pgrehearse allow as discussed')
    const before = findingThread(mergeRequest)
    const { actions, passed, findings } = review(mergeRequest, found)
    expect([kindsOf(actions), passed, findings[0]?.standing]).toEqual(['edit sticky', true, 'accepted'])
    expect(findingThread(mergeRequest)).toEqual(before)
  })

  test('counts in a thread that somebody resolved, which stays as it is', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'pgrehearse allow the table is small')
    mergeRequest.setResolved(author, threadId, true)
    const before = findingThread(mergeRequest)
    expect(review(mergeRequest, found).passed).toBe(true)
    expect(findingThread(mergeRequest)).toEqual(before)
  })

  test('leaves a thread open that somebody reopens afterwards, and still accepts', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'pgrehearse allow the table is small')
    review(mergeRequest, found)
    mergeRequest.setResolved(maintainer, threadId, false)
    const { actions, passed } = review(mergeRequest, found)
    expect([kindsOf(actions), passed]).toEqual(['', true])
  })

  test('accepts nothing any more when it is deleted: the thread is reopened, the answer says so', () => {
    const { mergeRequest, threadId } = reviewed()
    const note = mergeRequest.reply(author, threadId, 'pgrehearse allow the table is small')
    review(mergeRequest, found)
    mergeRequest.deleteNote(note)
    const { actions, passed } = review(mergeRequest, found)
    expect([kindsOf(actions), passed]).toEqual(['edit note, reply, reopen, edit note, edit sticky', false])
    expect(isResolvedThread(findingThread(mergeRequest))).toBe(false)
    expect(answers(mergeRequest)).toEqual([expect.stringContaining('deleted')])
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
  })

  test('of a finding that is gone is left without an answer', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.push()
    review(mergeRequest, { findings: [] })
    mergeRequest.reply(author, threadId, 'pgrehearse allow the table is small')
    expect(kindsOf(writes(mergeRequest, { findings: [] }))).toBe('')
  })

  test('on several lines is human conversation, and the sticky note says so', () => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, 'pgrehearse allow it is small\nand rarely read')
    const { actions, passed } = review(mergeRequest, found)
    expect([kindsOf(actions), passed]).toEqual(['edit sticky', false])
    expect(stickyText(mergeRequest)).toMatch(/a command is one line/)
  })
})

describe('another command in the thread of a finding', () => {
  test.each([
    ['pgrehearse help', 'To accept the finding'],
    ['pgrehearse ignore this', 'I do not know'],
  ])('%j has one answer and freezes nothing', (command, answer) => {
    const { mergeRequest, threadId } = reviewed()
    mergeRequest.reply(author, threadId, command)
    expect(kindsOf(review(mergeRequest, found).actions)).toBe('reply')
    expect(answers(mergeRequest)).toEqual([expect.stringContaining(answer)])
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
    mergeRequest.push()
    expect(kindsOf(review(mergeRequest, { findings: [] }).actions)).toBe('resolve, edit note, edit sticky')
  })
})

describe('a command that is no reply in the thread of a finding', () => {
  test('in a plain note is remarked on in the sticky note, never answered', () => {
    const { mergeRequest } = reviewed()
    mergeRequest.comment(author, 'pgrehearse allow everything')
    const { actions, passed } = review(mergeRequest, found)
    expect([kindsOf(actions), passed]).toEqual(['edit sticky', false])
    expect(stickyText(mergeRequest)).toMatch(/outside of the thread of a finding/)
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
  })

  test('in reply to the sticky note is remarked on there, and the note is still found', () => {
    const { mergeRequest } = reviewed()
    mergeRequest.reply(author, stickyThread(mergeRequest).id, 'pgrehearse allow everything')
    expect(stickyThread(mergeRequest).individual).toBe(false)
    expect(kindsOf(review(mergeRequest, found).actions)).toBe('edit sticky')
    expect(stickyThread(mergeRequest).notes).toHaveLength(2)
  })

  test('in the thread of another review is that review’s to answer', () => {
    const { mergeRequest, threadId } = reviewed()
    const billing = { findings: [{ name: 'invoices' }], name: 'billing' }
    review(mergeRequest, billing)
    mergeRequest.reply(author, threadId, 'pgrehearse allow it is small')
    expect(kindsOf(writes(mergeRequest, billing))).toBe('')
  })

  test('does not flood the sticky note', () => {
    const { mergeRequest } = reviewed()
    for (let id = 100; id < 120; id++) {
      mergeRequest.comment({ id, username: `user${id}` }, 'pgrehearse allow everything')
    }
    review(mergeRequest, found)
    expect(stickyText(mergeRequest).match(/is a command/g)).toHaveLength(5)
    expect(stickyText(mergeRequest)).toContain('15 more comments')
  })
})

describe('the sticky note', () => {
  test.each<[string, MadeReview, string]>([
    ['nothing was ever found', { findings: [] }, ''],
    ['only policy changed', { findings: [], migrations: [], policyChanges: [configurationEdited()] }, ''],
    [
      'policy changed together with migrations',
      { findings: [], policyChanges: [configurationEdited()] },
      'create sticky',
    ],
    [
      'the gate fails without a finding',
      {
        findings: [],
        migrations: [{ file: 'a.sql', outcome: 'not rehearsed' }],
        settings: { requireRehearsal: true },
      },
      'create sticky',
    ],
    [
      'all findings are allowed in the SQL',
      { findings: [{ name: 'orders', allowed: true }] },
      'create sticky',
    ],
  ])('when %s', (_, made, expected) => {
    expect(kindsOf(writes(new MemoryMergeRequest(), made))).toBe(expected)
  })

  test('is written anew by a newer pipeline, once', () => {
    const { mergeRequest } = reviewed()
    const newer = { ...found, pipelineId: 2 }
    expect(kindsOf(review(mergeRequest, newer).actions)).toBe('edit sticky')
    expect(kindsOf(writes(mergeRequest, newer))).toBe('')
    expect(parseMarker(stickyText(mergeRequest))).toMatchObject({ pipelineId: 2, diffVersion: 1002 - 1 })
  })

  test('does not look older after a pipeline that does not know its number', () => {
    const mergeRequest = new MemoryMergeRequest()
    review(mergeRequest, { ...found, pipelineId: 5 })
    mergeRequest.push()
    review(mergeRequest, { ...found, pipelineId: 0, diffVersion: undefined })
    expect(parseMarker(stickyText(mergeRequest))).toMatchObject({
      pipelineId: 5,
      diffVersion: mergeRequest.version.id,
    })
    expect(kindsOf(writes(mergeRequest, { ...found, pipelineId: 0, diffVersion: undefined }))).toBe('')
  })

  test('is one: younger ones become pointers to the oldest', () => {
    const { mergeRequest } = reviewed()
    mergeRequest.comment({ id: 1, username: 'project_42_bot' }, stickyText(mergeRequest))
    expect(kindsOf(review(mergeRequest, found).actions)).toBe('edit note')
    const kinds = mergeRequest.threads.map(({ notes }) => parseMarker(notes[0]?.body ?? '')?.kind)
    expect(kinds).toEqual(['finding', 'sticky', 'superseded'])
    expect(kindsOf(writes(mergeRequest, found))).toBe('')
  })

  test('becomes all clear when everything is fixed', () => {
    const { mergeRequest } = reviewed()
    mergeRequest.push()
    const { passed, actions } = plan(reviewInput(mergeRequest, { findings: [], migrations: [] }))
    mergeRequest.apply(actions)
    expect(passed).toBe(true)
    expect(stickyText(mergeRequest)).not.toContain('Locks orders')
  })
})

function configurationEdited() {
  return { kind: 'configuration', file: 'pgrehearse.config.yaml', change: 'edited', patch: '-a\n+b' } as const
}
