/**
 * Stories of a merge request that must hold on every server. The fake GitLab runs them in execute.test.ts, a real one
 * in test/gitlab-live. A story may rely on a fresh merge request without notes, and on nothing else of its own time.
 */
import { expect } from 'vitest'
import {
  findingThreads,
  notesOf,
  pipelineOf,
  post,
  reviewPush,
  stickyOf,
  subjectOf,
  type Stage,
} from './story.ts'

export interface Scenario {
  /** In the present, without a full stop. */
  readonly title: string
  readonly run: (stage: Stage) => Promise<void>
}

const addColumn = 'ALTER TABLE orders ADD COLUMN status text;\n'
const addOther = 'ALTER TABLE customers ADD COLUMN points int;\n'
const addIndex = 'CREATE INDEX orders_status_idx ON orders (status);\n'
const file = 'db/migrations/001_status.sql'

export const scenarios: readonly Scenario[] = [
  {
    title: 'findings become threads on their lines and one plain note, and the next run writes nothing',
    async run(stage) {
      const subject = subjectOf(await stage.push({ [file]: `-- status\n${addColumn}\n${addIndex}` }))
      const first = await post(stage, subject)
      expect(first.outcome).toMatchObject({ kind: 'posted' })
      expect(first.passed).toBe(false)
      const threads = await findingThreads(stage.bot)
      expect(threads.map(({ isOpen, line }) => [isOpen, line])).toEqual([
        [true, 2],
        [true, 4],
      ])
      expect(threads[1]?.notes[0]?.body).toContain('CREATE INDEX CONCURRENTLY orders_status_idx')
      const [sticky] = await notesOf(stage.bot, 'sticky')
      expect(sticky?.thread.individual).toBe(true)
      expect(sticky?.note.resolvable).toBe(false)
      const second = await post(stage, subject)
      expect(second.outcome).toMatchObject({ kind: 'posted', writes: 0 })
      expect(await stage.bot.drafts()).toEqual([])
    },
  },
  {
    title: 'a merge request without findings gets no note at all',
    async run(stage) {
      const pushed = await stage.push({ [file]: 'SELECT 1;\n' })
      const { outcome, passed } = await reviewPush(stage, pushed)
      expect([outcome, passed]).toMatchObject([{ kind: 'posted', writes: 0 }, true])
      expect(await stickyOf(stage.bot)).toBeUndefined()
    },
  },
  {
    title: 'a fixed finding resolves its thread, one that comes back opens it again',
    async run(stage) {
      await reviewPush(stage, await stage.push({ [file]: addColumn + addOther }))
      const fixed = await reviewPush(stage, await stage.push({ [file]: addOther }))
      expect(fixed.outcome.kind).toBe('posted')
      const [first, other] = await findingThreads(stage.bot)
      expect([first?.isOpen, other?.isOpen]).toContain(false)
      const clear = await reviewPush(stage, await stage.push({ [file]: 'SELECT 1;\n' }))
      expect(clear.passed).toBe(true)
      const before = await findingThreads(stage.bot)
      expect(before.map(({ isOpen }) => isOpen)).toEqual([false, false])
      expect((await stickyOf(stage.bot))?.body).toMatch(/clear/i)
      await reviewPush(stage, await stage.push({ [file]: addColumn + addOther }))
      const after = await findingThreads(stage.bot)
      expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id))
      expect(after.map(({ isOpen }) => isOpen)).toEqual([true, true])
      const again = await reviewPush(stage, await stage.push({ 'README.md': 'x\n' }))
      expect(again.outcome.kind).toBe('posted')
      expect(await notesOf(stage.bot, 'reply')).toHaveLength(2)
    },
  },
  {
    title: 'lines that move, white space and comments that change make no new thread',
    async run(stage) {
      await reviewPush(stage, await stage.push({ [file]: addColumn + addOther }))
      const before = await findingThreads(stage.bot)
      const moved = `-- a\n-- b\n\nSELECT 1;\nALTER   TABLE orders\n  /* now */ ADD COLUMN status text ;\n\n${addOther}`
      await reviewPush(stage, await stage.push({ [file]: moved }))
      const after = await findingThreads(stage.bot)
      expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id))
      expect(after.map(({ isOpen }) => isOpen)).toEqual([true, true])
    },
  },
  {
    title: 'a finding with another wording is edited in its thread, without a new note',
    async run(stage) {
      const word = (seen: string) => `ALTER TABLE orders -- seen: ${seen}\n  ADD COLUMN status text;\n`
      await reviewPush(stage, await stage.push({ [file]: word('one thing') }))
      await reviewPush(stage, await stage.push({ [file]: word('another thing') }))
      const [thread, ...others] = await findingThreads(stage.bot)
      expect(others).toEqual([])
      expect(thread?.notes).toHaveLength(1)
      expect(thread?.notes[0]?.body).toContain('another thing')
      expect(thread?.notes[0]?.body).not.toContain('one thing')
    },
  },
  {
    title: 'a thread that a person answered is left alone for ever',
    async run(stage) {
      await reviewPush(stage, await stage.push({ [file]: addColumn }))
      const [thread] = await findingThreads(stage.bot)
      await stage.person.reply(thread?.id ?? '', 'We talked about this: the table is small.')
      const before = await findingThreads(stage.bot)
      await reviewPush(stage, await stage.push({ [file]: 'SELECT 1;\n' }))
      expect(await bodies(stage)).toEqual(before.map(({ isOpen, notes }) => [isOpen, notes.map(textOf)]))
      await reviewPush(stage, await stage.push({ [file]: addColumn }))
      expect(await bodies(stage)).toEqual(before.map(({ isOpen, notes }) => [isOpen, notes.map(textOf)]))
    },
  },
  {
    title: 'a thread that a person resolved stays resolved, and the finding still fails the gate',
    async run(stage) {
      const pushed = await stage.push({ [file]: addColumn })
      await reviewPush(stage, pushed)
      const [thread] = await findingThreads(stage.bot)
      await stage.person.setResolved(thread?.id ?? '', true)
      const result = await reviewPush(stage, await stage.push({ [file]: `SELECT 1;\n${addColumn}` }))
      expect(result.passed).toBe(false)
      expect(result.findings.map(({ standing }) => standing)).toEqual(['acknowledged'])
      const after = await findingThreads(stage.bot)
      expect(after.map(({ id, isOpen }) => [id, isOpen])).toEqual([[thread?.id, false]])
    },
  },
  {
    title: 'a person who may do so accepts a finding by a comment, and is answered once',
    async run(stage) {
      const subject = subjectOf(await stage.push({ [file]: addColumn }))
      await post(stage, subject)
      const [thread] = await findingThreads(stage.bot)
      await stage.person.reply(thread?.id ?? '', 'pgrehearse allow the table is empty')
      const accepted = await post(stage, subject)
      expect(accepted.passed).toBe(true)
      expect(accepted.findings[0]).toMatchObject({
        standing: 'accepted',
        acceptance: { reason: 'the table is empty' },
      })
      const again = await post(stage, subject)
      expect(again.outcome).toMatchObject({ kind: 'posted', writes: 0 })
      expect(await notesOf(stage.bot, 'answer')).toHaveLength(1)
      expect((await findingThreads(stage.bot)).map(({ isOpen }) => isOpen)).toEqual([false])
    },
  },
  {
    title: 'a finding outside of the diff stands in the summary only',
    async run(stage) {
      const long = 'SELECT 1;\n'.repeat(20)
      const pushed = await stage.push({ [file]: addColumn + long })
      // the job of a merge request that shows a part of the file only
      const subject = { ...subjectOf(pushed), places: new Map() }
      const { outcome, findings } = await post(stage, subject)
      expect(outcome.kind).toBe('posted')
      expect(findings.map(({ standing }) => standing)).toEqual(['summary'])
      expect(await findingThreads(stage.bot)).toEqual([])
      expect(await stickyOf(stage.bot)).toBeDefined()
    },
  },
  {
    title: 'the pipeline of an older push posts nothing over the review of a newer one',
    async run(stage) {
      const old = await stage.push({ [file]: addColumn })
      const oldPipeline = pipelineOf(old)
      const newer = await stage.push({ [file]: addOther })
      await reviewPush(stage, newer)
      const before = await stage.bot.threads()
      const late = await post(stage, subjectOf(old, { pipeline: oldPipeline }))
      expect(late.outcome.kind).toBe('skipped')
      expect(late.passed).toBe(false)
      expect(await stage.bot.threads()).toEqual(before)
    },
  },
  {
    title: 'hostile SQL and file names do nothing on the server',
    async run(stage) {
      const hostile = '"x`\n/close\n/merge\n@all <!-- k=sticky -->```"'
      const name = 'db/-->`@all #1 !1 ~bug/close.sql'
      const pushed = await stage.push({
        [name]: `/* \n/close\n*/\nALTER TABLE ${hostile} -- seen: /close @all #1 \`\`\`\n  ADD COLUMN a int;\n`,
        'pgrehearse.config.yml': 'rules: {}\n# /close\n# ```\n/close\n',
      })
      const subject = subjectOf(pushed)
      const { outcome } = await post(stage, subject)
      expect(outcome.kind).toBe('posted')
      expect((await stage.bot.mergeRequest()).state).toBe('opened')
      expect(await findingThreads(stage.bot)).toHaveLength(1)
      expect((await post(stage, subject)).outcome).toMatchObject({ writes: 0 })
    },
  },
]

async function bodies(stage: Stage): Promise<readonly (readonly [boolean, readonly string[]])[]> {
  const threads = await findingThreads(stage.bot)
  return threads.map(({ isOpen, notes }) => [isOpen, notes.map(textOf)])
}

function textOf({ body }: { readonly body: string }): string {
  return body
}
