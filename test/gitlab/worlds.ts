/** Merge requests in a state from which one review makes every kind of write. */
import { previewReview, type ReviewSubject } from '../../src/gitlab/execute.ts'
import { FakeStage } from './fake-stage.ts'
import { findingThreads, reviewPush, subjectOf } from './story.ts'
import type { FakeGitLabOptions } from '../fake-gitlab/index.ts'

export interface World {
  readonly stage: FakeStage
  /** What the newest pipeline reviews. */
  readonly subject: ReviewSubject
  /** Forgets all that was written since the world was made. */
  readonly restore: () => void
}

const alter = (table: string, seen = 'one thing') =>
  `ALTER TABLE ${table} -- seen: ${seen}\n  ADD COLUMN a int;\n`

/** Nothing was posted yet, and the merge request has `findings` findings. */
export async function freshWorld(findings: number, options: FakeGitLabOptions = {}): Promise<World> {
  const stage = await FakeStage.open(options)
  const text = Array.from({ length: findings }, (_, at) => alter(`fresh_${at}`)).join('')
  const subject = subjectOf(await stage.push({ 'db/1.sql': text }))
  return { stage, subject, restore: stage.remember() }
}

/**
 * A review is there. The next one resolves a thread, edits one, opens one again, answers a command and resolves that
 * thread, leaves one to the people who talk in it, creates two, edits the sticky note, and deletes a draft that a
 * run left behind.
 */
export async function busyWorld(): Promise<World> {
  const stage = await FakeStage.open()
  const first = {
    'db/accepted.sql': alter('accepted'),
    'db/back.sql': alter('back'),
    'db/edited.sql': alter('edited'),
    'db/fixed.sql': alter('fixed'),
    'db/talked.sql': alter('talked'),
  }
  await reviewPush(stage, await stage.push(first))
  await reviewPush(stage, await stage.push({ 'db/back.sql': 'SELECT 1;\n' }))
  const threads = await findingThreads(stage.bot)
  const threadOf = (table: string): string => {
    const thread = threads.find(({ path }) => path === `db/${table}.sql`)
    if (thread === undefined) throw new Error(`no thread for ${table}`)
    return thread.id
  }
  stage.gitlab.as('colleague').reply(threadOf('accepted'), 'pgrehearse allow it is empty')
  stage.gitlab.as('colleague').reply(threadOf('talked'), 'Is that so?')
  const pushed = await stage.push({
    'db/back.sql': alter('back'),
    'db/edited.sql': alter('edited', 'another thing'),
    'db/fixed.sql': 'SELECT 1;\n',
    'db/new.sql': `${alter('brand_new')}CREATE INDEX brand_idx ON brand_new (a);\n`,
  })
  const subject = subjectOf(pushed)
  await leaveDraft(stage, subject)
  return { stage, subject, restore: stage.remember() }
}

/** A draft as a run leaves it behind that died before it published. */
export async function leaveDraft(stage: FakeStage, subject: ReviewSubject): Promise<void> {
  const { plan } = await previewReview(subject, { server: stage.bot })
  const version = await stage.bot.newestVersion()
  const create = plan.actions.find((action) => action.kind === 'create thread')
  if (version === undefined || create?.kind !== 'create thread') throw new Error('nothing to draft')
  await stage.bot.createDraft(create.body, version, create.place)
}
