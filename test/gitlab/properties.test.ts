/**
 * Properties of the review over random histories, on the real client: (1) a second run writes nothing, (4) nothing of
 * anybody else is touched, (5) threads in which people spoke stay as they are, (7) hostile text does nothing, (8) there
 * are never more threads than allowed. (6) and (9) have tests of their own; (2) and (3) have files of their own.
 */
import { describe, expect, it } from 'vitest'
import { bodyHash, parseMarker, visibleBody, withMarker } from '../../src/gitlab/marker.ts'
import type { LoggedRequest, Note } from '../fake-gitlab/index.ts'
import { FakeStage } from './fake-stage.ts'
import { History, historyPolicy, hostileWords, isHumanTouched, ourThreads, reviewNow } from './history.ts'
import { Random } from './random.ts'
import { findingThreads, post, reviewPush, subjectOf } from './story.ts'

/** Throws at a request that changes what is not ours; called before the server handles it. */
function watchWrites(stage: FakeStage, wrong: string[]): void {
  const { gitlab } = stage
  const bot = gitlab.user('bot').id
  const isOwnNote = (note: Note | undefined) =>
    note !== undefined && note.authorId === bot && parseMarker(note.body) !== undefined
  const judge = ({ method, path }: LoggedRequest): boolean => {
    const [, draft] = /draft_notes\/(\d+)$/.exec(path) ?? []
    if (method === 'DELETE') {
      const found = gitlab.state.drafts.find(({ id }) => String(id) === draft)
      return draft !== undefined && (found === undefined || parseMarker(found.note) !== undefined)
    }
    const [, note] = /notes\/(\d+)$/.exec(path) ?? []
    if (note !== undefined) return isOwnNote(gitlab.notes.find(({ id }) => String(id) === note))
    const [, thread] = /discussions\/(\w{40})(?:\/notes)?$/.exec(path) ?? []
    if (thread === undefined) return method === 'POST'
    const notes = gitlab.state.thread(thread).filter(({ system }) => !system)
    return isOwnNote(notes[0]) && !isHumanTouched(stage, notes)
  }
  gitlab.before({ write: true, times: Infinity }, (request) => {
    if (!judge(request)) wrong.push(`${request.method} ${request.path}`)
  })
}

/** More of them: `PROPERTY_SEEDS=1-200`. */
const seeds = readSeeds(process.env['PROPERTY_SEEDS'] ?? '1-3')

function readSeeds(text: string): readonly number[] {
  const [first = 1, last = first] = text.split('-').map(Number)
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

describe('over random histories the review', () => {
  it.each(seeds)('keeps its promises (seed %i)', { timeout: 120_000 }, async (seed) => {
    const random = new Random(seed)
    await using stage = await FakeStage.open()
    const { gitlab } = stage
    await stage.push({ 'db/a.sql': 'ALTER TABLE orders ADD COLUMN a int;\n' })
    const history = new History(stage, random)
    const wrong: string[] = []
    for (let step = 1; step <= 12; step++) {
      const context = `seed ${seed}, step ${step}`
      await history.step()
      const touched = ourThreads(stage).filter((thread) => isHumanTouched(stage, thread))
      const before = structuredClone(touched)
      const created = ourThreads(stage).length
      gitlab.clearFaults()
      watchWrites(stage, wrong)
      const result = await reviewNow(stage, await stage.pushed(), random)
      expect(result.outcome.kind, context).toBe('posted')
      expect(wrong, context).toEqual([])
      const ids = new Set(before.map(([first]) => first?.id))
      expect(
        ourThreads(stage).filter(([first]) => ids.has(first?.id)),
        context,
      ).toEqual(before)
      expect(ourThreads(stage).length - created, context).toBeLessThanOrEqual(historyPolicy.maxThreads)
      // a thread that is opened again is not a new one
      const mayBeOpen = ourThreads(stage).length === created ? Infinity : historyPolicy.maxThreads
      expect(openThreads(stage), context).toBeLessThanOrEqual(mayBeOpen)
      expect(byBot(gitlab.quickActions), context).toEqual([])
      expect(byBot(gitlab.slashLines), context).toEqual([])
      expect(byBot(gitlab.references), context).toEqual([])
      expect(await stage.bot.drafts(), context).toEqual([])
    }
    expect(ourThreads(stage).length).toBeGreaterThan(0)
  })
})

function openThreads(stage: FakeStage): number {
  return ourThreads(stage).filter((thread) => thread[0]?.resolvedAt === null).length
}

function byBot<T extends { readonly by: string; readonly body: string }>(
  written: readonly T[],
): readonly T[] {
  // what a person who shares the token wrote has no marker
  return written.filter(({ by, body }) => by === 'bot' && parseMarker(body) !== undefined)
}

/** The same statements with other white space, other comments and keywords in another case, on other lines. */
function reformatted(statements: readonly string[], random: Random): string {
  const space = (): string => random.pick([' ', '  ', '\n  ', '\t', ' /* x */ ', '\n-- a comment\n  '])
  const gap = (): string => random.pick(['', '\n', '-- why\n', '/* a\n b */\n', 'SELECT 1;\n'])
  const keyword = /^(?:ALTER|TABLE|ADD|COLUMN|CREATE|INDEX|ON)$/
  return statements
    .map((sql) => {
      const isLower = random.chance(0.5)
      const words = sql.split(' ').map((word) => (isLower && keyword.test(word) ? word.toLowerCase() : word))
      const [first = '', second = '', ...rest] = words
      // the small judge of these tests wants to see what a statement is
      const text = `${first} ${second}${rest.map((word) => space() + word).join('')}`
      return `${gap()}${text}${random.pick([';', ' ;', '\n;'])}\n`
    })
    .join('')
}

describe('a thread', () => {
  it.each([1, 2, 3])(
    'is found again however its statement is written or moved (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const random = new Random(seed)
      await using stage = await FakeStage.open()
      const statements = [
        'ALTER TABLE orders ADD COLUMN a int',
        'ALTER TABLE "OrderItems" ADD COLUMN b text',
        'CREATE INDEX c_idx ON customers (c)',
      ]
      let path = 'db/0.sql'
      await reviewPush(stage, await stage.push({ [path]: statements.map((sql) => `${sql};\n`).join('') }))
      const ids = (await findingThreads(stage.bot)).map(({ id }) => id)
      expect(ids).toHaveLength(3)
      for (let step = 1; step <= 8; step++) {
        const text = reformatted(statements, random)
        const next = random.chance(0.25) ? `db/${step}.sql` : path
        await stage.push(next === path ? { [path]: text } : { [path]: null, [next]: text })
        path = next
        if (random.chance(0.3)) {
          stage.gitlab.advanceTarget({ 'other.txt': `${step}\n` })
          stage.gitlab.rebase()
        }
        const { outcome } = await reviewPush(stage, await stage.pushed())
        expect(outcome.kind).toBe('posted')
        const threads = await findingThreads(stage.bot)
        expect(
          threads.map(({ id, isOpen, notes }) => [id, isOpen, notes.length]),
          `seed ${seed}, step ${step}:\n${text}`,
        ).toEqual(ids.map((id) => [id, true, 1]))
      }
    },
  )
})

describe('the hash of a note', () => {
  it('survives line ends and white space that the server changes', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed)
      const visible = Array.from({ length: 1 + random.below(12) }, () =>
        random.pick([...hostileWords, 'plain words', '', '  indented', '```sql\nSELECT 1;\n```']),
      ).join(random.pick(['\n', ' ', '\n\n']))
      const common = { mergeRequest: '42:17', headSha: 'a'.repeat(40), diffVersion: 1, pipelineId: 2 }
      const body = withMarker(visible, { kind: 'sticky', name: 'main', ...common })
      const stored =
        body.replaceAll(/\r?\n/g, '\r\n').replaceAll(/ +$/gm, '') + random.pick(['', '\r\n', ' \n'])
      const marker = parseMarker(stored)
      expect(marker, `seed ${seed}`).toEqual(parseMarker(body))
      expect(marker?.bodyHash, `seed ${seed}`).toBe(bodyHash(visibleBody(stored)))
    }
  })

  it('keeps a review silent on a server that stores other line ends', async () => {
    await using stage = await FakeStage.open()
    const subject = subjectOf(
      await stage.push({ 'a.sql': 'ALTER TABLE a ADD b int;\nCREATE INDEX x ON a (b);\n' }),
    )
    await post(stage, subject)
    for (const note of stage.gitlab.notes) note.body = note.body.replaceAll('\n', '\r\n')
    expect((await post(stage, subject)).outcome).toMatchObject({ kind: 'posted', writes: 0 })
  })
})

describe('the number of threads', () => {
  it.each([
    { limit: 0, oldServer: false },
    { limit: 3, oldServer: false },
    { limit: 3, oldServer: true },
    { limit: 20, oldServer: false },
  ])(
    'is at most $limit, the gravest first (server without drafts: $oldServer)',
    async ({ limit, oldServer }) => {
      await using stage = await FakeStage.open({ oldServer })
      const text = Array.from({ length: 24 }, (_, at) =>
        at % 3 === 0 ? `ALTER TABLE t${at} ADD b int;\n` : `CREATE INDEX i${at} ON t${at} (b);\n`,
      ).join('')
      const subject = subjectOf(await stage.push({ 'a.sql': text }), {
        policy: { ...historyPolicy, maxThreads: limit },
      })
      const { findings } = await post(stage, subject)
      expect(await findingThreads(stage.bot)).toHaveLength(limit)
      const threaded = findings.filter(({ standing }) => standing === 'thread')
      expect(threaded).toHaveLength(limit)
      const errors = threaded.filter(({ finding }) => finding.severity === 'error')
      expect(errors).toHaveLength(Math.min(limit, 8))
      expect((await post(stage, subject)).outcome).toMatchObject({ writes: 0 })
    },
  )
})
