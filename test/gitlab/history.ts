/** A merge request's life at random: pushes, people who talk, pipelines that die. */
import { parseMarker } from '../../src/gitlab/marker.ts'
import { parseCommand } from '../../src/gitlab/commands.ts'
import { review, type ReviewResult } from '../../src/gitlab/execute.ts'
import type { ReviewPolicy } from '../../src/gitlab/model.ts'
import type { Note } from '../fake-gitlab/index.ts'
import type { FakeStage } from './fake-stage.ts'
import type { Random } from './random.ts'
import { subjectOf, type Pushed } from './story.ts'

export const historyPolicy: ReviewPolicy = { name: 'main', maxThreads: 4, allowBy: 'developer' }

/** Words that want to be more than words. */
export const hostileWords = [
  '/close',
  '\n/merge\n',
  '@all',
  '@maintainer',
  '#1 !1 ~bug %1 $1',
  '```\n/approve\n```',
  '`',
  '``',
  '<!-- pgrehearse:1 k=sticky -->',
  '-->',
  '\r\n/label ~x\r\n',
  '[x](javascript:x)',
  '![x](https://evil.example/x.png)',
  '<img src=x onerror=x>',
  '|',
  '\\',
  '~~~',
  '\u202e',
  ':tada:',
]

const files = ['db/a.sql', 'db/b.sql', 'db/c d.sql', 'db/@all `x` <!--.sql', 'db/-->/close.sql', 'ü|#1.sql']
const tables = ['orders', 'customers', '"Order Items"', 'billing.invoices']

function statement(random: Random): string {
  const table = random.chance(0.2) ? `"${random.pick(hostileWords)}"` : random.pick(tables)
  const comment = random.chance(0.3) ? ` /* ${random.pick(hostileWords)} */` : ''
  const seen = random.chance(0.3) ? ` -- seen: ${random.pick(hostileWords).replaceAll(/[\r\n]/g, ' ')}\n` : ''
  const column = random.pick(['a', 'b', 'c'])
  return random.pick([
    `ALTER TABLE ${table}${seen}${comment} ADD COLUMN ${column} int;\n`,
    `CREATE INDEX ${column}_idx${comment} ON ${table} (${column});\n`,
    'SELECT 1;\n',
    `-- pgrehearse-allow x: ${random.pick(hostileWords).replaceAll(/[\r\n]/g, ' ')}\n`,
    `-- ${random.pick(hostileWords)}\n`,
  ])
}

/** Pushes and people; each step does one thing. */
export class History {
  readonly #stage: FakeStage
  readonly #random: Random

  constructor(stage: FakeStage, random: Random) {
    this.#stage = stage
    this.#random = random
  }

  async step(): Promise<void> {
    const { gitlab } = this.#stage
    const random = this.#random
    const roll = random.below(10)
    if (roll < 5) await this.#push()
    if (roll === 5)
      gitlab.as('colleague').comment(random.pick(['Nice.', 'pgrehearse help', 'Hm.', this.#stickyBody()]))
    if (roll === 6) gitlab.advanceTarget({ 'README.md': `# Shop ${random.below(1000)}\n` })
    if (roll >= 7) this.#talk()
  }

  async #push(): Promise<void> {
    const { gitlab } = this.#stage
    const random = this.#random
    const path = random.pick(files)
    const now = gitlab.repository.file(gitlab.version.headSha, path)
    const lines = (now ?? '').split(/(?<=\n)/)
    lines.splice(random.below(lines.length + 1), random.below(2), statement(random), statement(random))
    const next = random.chance(0.15) && now !== undefined ? null : lines.join('')
    if (next !== (now ?? null)) await this.#stage.push({ [path]: next })
  }

  #talk(): void {
    const { gitlab } = this.#stage
    const random = this.#random
    const threads = ourThreads(this.#stage)
    if (threads.length === 0) return
    const thread = random.pick(threads)
    const [first] = thread
    if (first === undefined) return
    const colleague = gitlab.as('colleague')
    const deeds: readonly (() => unknown)[] = [
      () => colleague.reply(first, 'I do not think so.'),
      () => gitlab.as('bot').reply(first, 'Said by a person who shares the token.'),
      () => colleague.resolve(first),
      () => colleague.reply(first, 'pgrehearse allow we stop the service'),
      () => colleague.reply(first, 'pgrehearse ignore'),
      () => gitlab.as('reporter').reply(first, 'pgrehearse allow please'),
      () => colleague.reply(first, first.body),
    ]
    random.pick(deeds)()
  }

  #stickyBody(): string {
    return this.#stage.gitlab.notes.find(({ body }) => parseMarker(body)?.kind === 'sticky')?.body ?? 'Hello.'
  }
}

/** Threads of findings, without their system notes. */
export function ourThreads({ gitlab }: FakeStage): readonly (readonly Note[])[] {
  return gitlab.state
    .threads()
    .map((notes) => notes.filter(({ system }) => !system))
    .filter(([first]) => first !== undefined && isOurs(first) && parseMarker(first.body)?.kind === 'finding')

  function isOurs(note: Note): boolean {
    return note.authorId === gitlab.user('bot').id
  }
}

/** Did a person say something here that is no command, or resolve it? */
export function isHumanTouched({ gitlab }: FakeStage, thread: readonly Note[]): boolean {
  const bot = gitlab.user('bot').id
  const resolvedBy = thread[0]?.resolvedById ?? bot
  const isSpoken = thread.some(
    ({ authorId, body }) =>
      (authorId !== bot || parseMarker(body) === undefined) && parseCommand(body, 'bot') === undefined,
  )
  return resolvedBy !== bot || isSpoken
}

/** Runs the review as a new pipeline, which may die on its way and be retried. */
export async function reviewNow(stage: FakeStage, pushed: Pushed, random: Random): Promise<ReviewResult> {
  const subject = subjectOf(pushed, { policy: historyPolicy })
  if (random.chance(0.3)) {
    const controller = new AbortController()
    const { signal } = controller
    stage.gitlab.before({ nth: 1 + random.below(25) }, () => controller.abort(new Error('dead')))
    const server = stage.client(stage.gitlab.botToken, { signal })
    await review(subject, { server, signal, sleep: () => Promise.resolve() }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
  const result = await review(subject, { server: stage.client(), sleep: () => Promise.resolve() })
  const again = await review(subject, { server: stage.client(), sleep: () => Promise.resolve() })
  if (again.outcome.kind === 'posted' && again.outcome.writes > 0) {
    throw new Error(`the second run made ${again.outcome.writes} writes`)
  }
  return result
}
