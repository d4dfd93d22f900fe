import { describe, expect, test } from 'vitest'
import type { Severity } from '../../src/core/model.ts'
import { plan } from '../../src/gitlab/plan.ts'
import type { Action, RemoteThread, RemoteUser } from '../../src/gitlab/model.ts'
import { parseMarker } from '../../src/gitlab/marker.ts'
import { parseCommand } from '../../src/gitlab/commands.ts'
import { fingerprintOf, reviewInput, type MadeFinding, type MadeReview } from './made-review.ts'
import {
  author,
  bot,
  isResolvedThread,
  maintainer,
  MemoryMergeRequest,
  reporter,
} from './memory-merge-request.ts'
import { Random } from './random.ts'

/** PGREHEARSE_SEEDS=1000 looks harder. A failure names its seed. */
const seeds = Array.from({ length: Number(process.env['PGREHEARSE_SEEDS'] ?? 8) }, (_, seed) => seed)
const steps = 12
const people: readonly RemoteUser[] = [author, maintainer, reporter]
const words: readonly string[] = ['why?', 'thanks!', 'pgrehearse is wrong here', 'I shall\nfix it']
const commands: readonly string[] = [
  ...['pgrehearse allow it is small', 'pgrehearse allow at night', 'pgrehearse allow', 'pgrehearse help'],
  'pgrehearse ignore',
]

const severities: readonly Severity[] = ['error', 'warning', 'info']

/** What the branch holds, and what its pipelines see. */
interface Branch {
  readonly findings: readonly MadeFinding[]
  readonly rehearsed: boolean
  readonly maxThreads: number
}

/** A merge request that lives: pushes, people and pipelines, some of which die half way. */
class Story {
  readonly random: Random
  mergeRequest = new MemoryMergeRequest()
  branch: Branch
  pipelineId = 1

  constructor(seed: number) {
    this.random = new Random(seed)
    this.branch = { findings: [], rehearsed: true, maxThreads: this.random.pick([2, 3, 20]) }
    this.push()
  }

  get made(): MadeReview {
    const { findings, rehearsed, maxThreads } = this.branch
    const files = ['a.sql', 'b.sql', ...findings.map(({ file = 'a.sql' }) => file)]
    const outcome = rehearsed ? 'rehearsed' : 'not rehearsed'
    return {
      findings: findings.map((finding) => (rehearsed ? finding : { ...finding, evidence: 'predicted' })),
      migrations: [...new Set(files)].map((file) => ({ file, outcome })),
      maxThreads,
      pipelineId: this.pipelineId,
    }
  }

  plan(mergeRequest: MemoryMergeRequest = this.mergeRequest): readonly Action[] {
    return plan(reviewInput(mergeRequest, this.made)).actions
  }

  /** Everything but the run of a pipeline. */
  live(): void {
    const { random } = this
    const happenings = [
      () => this.say(random.pick(words)),
      () => this.say(random.pick(commands)),
      () => this.say(random.pick(commands)),
      () =>
        this.touchThread((id) => this.mergeRequest.setResolved(random.pick(people), id, random.chance(0.6))),
      () => this.deleteComment(),
      () => this.repeatRequest(),
      () =>
        this.mergeRequest.comment(
          random.pick(people),
          random.pick([...words, ...commands]),
          random.chance(0.5),
        ),
      () =>
        this.mergeRequest.comment(
          random.pick(people),
          copiedNote(this.mergeRequest.threads),
          random.chance(0.5),
        ),
    ]
    if (random.chance(0.6)) this.push()
    for (let left = random.below(3); left > 0; left--) random.pick(happenings)()
  }

  push(): void {
    const { random } = this
    const kept = this.branch.findings
      .filter(() => random.chance(0.75))
      .map((finding) => this.changed(finding))
    const added = Array.from({ length: random.below(3) }, () => this.newFinding())
    this.branch = {
      ...this.branch,
      findings: distinct(random.shuffle([...kept, ...added])),
      rehearsed: random.chance(0.8),
    }
    this.mergeRequest.push(random.pick([0, 0, 3]))
    this.pipelineId += 1
  }

  changed(finding: MadeFinding): MadeFinding {
    const { random } = this
    return {
      ...finding,
      ...(random.chance(0.2) ? { message: `Worded ${random.pick(['so', 'thus'])}.` } : {}),
      ...(random.chance(0.2) ? { file: random.pick(['a.sql', 'b.sql', 'c.sql']) } : {}),
      ...(random.chance(0.1) ? { place: random.chance(0.7) } : {}),
      ...(random.chance(0.1) ? { allowed: random.chance(0.5) } : {}),
      ...(random.chance(0.3) ? { line: random.below(30) + 1 } : {}),
      ...(random.chance(0.2) ? { waitMs: 10 ** random.below(7) } : {}),
    }
  }

  newFinding(): MadeFinding {
    const { random } = this
    const name = random.pick(['orders', 'users', 'rows', 'cart'])
    return {
      name,
      file: random.pick(['a.sql', 'b.sql']),
      line: random.below(30) + 1,
      severity: severities[name.length % 3] ?? 'info',
      suggestion: random.chance(0.3),
      place: random.chance(0.9),
      ...(random.chance(0.6) ? { waitMs: 10 ** (random.below(7) + random.below(100) / 100) } : {}),
    }
  }

  say(body: string): void {
    this.touchThread((id) => this.mergeRequest.reply(this.random.pick(people), id, body))
  }

  touchThread(touch: (id: string) => void): void {
    const { threads } = this.mergeRequest
    if (threads.length > 0) touch(this.random.pick(threads).id)
  }

  /** A request that was carried out twice, or two pipelines at the same time. */
  repeatRequest(): void {
    const { threads } = this.mergeRequest
    const ours = threads.filter(({ notes: [first] }) => first?.author.id === bot.id)
    if (ours.length === 0) return
    const { notes, individual } = this.random.pick(ours)
    this.mergeRequest.comment(bot, notes[0]?.body ?? '', individual)
  }

  deleteComment(): void {
    const comments = this.mergeRequest.threads.flatMap(({ notes }) =>
      notes.filter((note) => note.author.id !== bot.id),
    )
    if (comments.length > 0) this.mergeRequest.deleteNote(this.random.pick(comments).id)
  }

  /** A pipeline of the present head, which may die. */
  run(mayDie = true): void {
    const actions = this.plan()
    const dies = mayDie && this.random.chance(0.3)
    this.mergeRequest.apply(dies ? actions.slice(0, this.random.below(actions.length + 1)) : actions)
    if (this.random.chance(0.3)) this.pipelineId += 1
  }
}

/** The same statement in several files, but not twice in one: that is tested by hand. */
function distinct(findings: readonly MadeFinding[]): readonly MadeFinding[] {
  const key = ({ name, file = 'a.sql' }: MadeFinding): string => `${name} ${file}`
  return [...new Map(findings.map((finding) => [key(finding), finding])).values()]
}

/** Somebody copies a note of ours, marker and all. */
function copiedNote(threads: readonly RemoteThread[]): string {
  return (
    threads.flatMap(({ notes }) => notes).find((note) => note.author.id === bot.id)?.body ?? 'nothing to copy'
  )
}

function write(actions: readonly Action[]): readonly Action[] {
  return actions.filter(({ kind }) => kind !== 'keep')
}

/** Lives through many stories and looks at each before every run. */
function tell(look: (story: Story) => void): void {
  for (const seed of seeds) {
    const story = new Story(seed)
    for (let step = 0; step < steps; step++) {
      story.live()
      try {
        look(story)
      } catch (error) {
        throw new Error(`in story ${seed}, step ${step}`, { cause: error })
      }
      story.run()
    }
  }
}

/** Threads with a word of a person that is no command. */
function talkedIn(mergeRequest: MemoryMergeRequest): readonly RemoteThread[] {
  return mergeRequest.threads.filter(({ notes }) =>
    notes.some(
      (note) =>
        !note.system && note.author.id !== bot.id && parseCommand(note.body, bot.username) === undefined,
    ),
  )
}

function findingThreads(mergeRequest: MemoryMergeRequest): readonly RemoteThread[] {
  return mergeRequest.threads.filter(({ notes: [first] }) => {
    return first?.author.id === bot.id && parseMarker(first.body)?.kind === 'finding'
  })
}

describe('in random stories', { timeout: 300_000 }, () => {
  test('a second run writes nothing', () => {
    tell((story) => {
      const after = story.mergeRequest.copy()
      after.apply(story.plan())
      expect(write(story.plan(after))).toEqual([])
    })
  })

  test('estimates that move a little change no thread', () => {
    tell((story) => {
      const after = story.mergeRequest.copy()
      after.apply(story.plan())
      const factor = story.random.pick([0.8, 0.95, 1.05, 1.25])
      const { findings } = story.branch
      story.branch = {
        ...story.branch,
        findings: findings.map((finding) =>
          finding.waitMs === undefined ? finding : { ...finding, waitMs: finding.waitMs * factor },
        ),
      }
      const sent = write(story.plan(after)).filter(({ kind }) => kind !== 'edit sticky')
      story.branch = { ...story.branch, findings }
      expect(sent).toEqual([])
    })
  })

  test('a run that dies anywhere and is repeated ends like one that does not', () => {
    tell((story) => {
      const actions = story.plan()
      const whole = story.mergeRequest.copy()
      whole.apply(actions)
      for (let done = 0; done < actions.length; done++) {
        const broken = story.mergeRequest.copy()
        broken.apply(actions.slice(0, done))
        broken.apply(story.plan(broken))
        expect(broken.visible(), `after ${done} of ${actions.map(({ kind }) => kind).join(', ')}`).toEqual(
          whole.visible(),
        )
      }
    })
  })

  test('no action touches a note of anybody else', () => {
    tell((story) => {
      const notes = new Map(
        story.mergeRequest.threads.flatMap((thread) =>
          thread.notes.map((note) => [note.id, { note, first: thread.notes[0] }]),
        ),
      )
      for (const action of story.plan()) {
        if (!('noteId' in action)) continue
        expect(notes.get(action.noteId)?.note.author).toEqual(bot)
        expect(notes.get(action.noteId)?.first?.author).toEqual(bot)
      }
    })
  })

  test('threads in which people talk stay as they are', () => {
    tell((story) => {
      const before = talkedIn(story.mergeRequest).filter(({ notes: [first] }) => {
        // the sticky note goes on being edited, wherever it stands
        return !['sticky', 'superseded'].includes(parseMarker(first?.body ?? '')?.kind ?? '')
      })
      const after = story.mergeRequest.copy()
      after.apply(story.plan())
      for (const thread of before) expect(after.threads).toContainEqual(thread)
    })
  })

  test('threads are created only while fewer than maxThreads are open', () => {
    tell((story) => {
      const created = story.plan().filter(({ kind }) => kind === 'create thread')
      const after = story.mergeRequest.copy()
      after.apply(story.plan())
      const open = findingThreads(after).filter((thread) => !isResolvedThread(thread))
      const mayBeOpen = created.length === 0 ? open.length : story.branch.maxThreads
      expect(open.length).toBeLessThanOrEqual(mayBeOpen)
    })
  })

  test('what is fixed is resolved, and what is there has its thread', () => {
    tell((story) => {
      const { mergeRequest, made } = story
      const { actions, findings } = plan(reviewInput(mergeRequest, made))
      const after = mergeRequest.copy()
      after.apply(actions)
      for (const { finding, standing } of findings) {
        if (standing !== 'thread') continue
        const fingerprint = finding.fingerprint.replace(/-\d+$/, '')
        const open = findingThreads(after).filter(
          (thread) =>
            !isResolvedThread(thread) &&
            parseMarker(thread.notes[0]?.body ?? '')?.fingerprint === fingerprint,
        )
        expect(open.length, finding.object).toBeGreaterThan(0)
      }
      if (!story.branch.rehearsed) return
      const present = new Set(made.findings.map(({ name }) => fingerprintOf(name)))
      const wronglyOpen = findingThreads(after).filter((thread) => {
        const marker = parseMarker(thread.notes[0]?.body ?? '')
        const isOurs = !talkedIn(after).includes(thread) && marker?.state === 'open'
        return isOurs && !present.has(marker.fingerprint ?? '') && !isResolvedThread(thread)
      })
      expect(wronglyOpen).toEqual([])
    })
  })

  test('there is one sticky note at most', () => {
    tell((story) => {
      const after = story.mergeRequest.copy()
      after.apply(story.plan())
      const stickies = after.threads
        .flatMap(({ notes }) => notes)
        .filter((note) => note.author.id === bot.id && parseMarker(note.body)?.kind === 'sticky')
      expect(stickies.length).toBeLessThanOrEqual(1)
    })
  })

  test('moved lines, renamed files and other white space make no new thread', () => {
    tell((story) => {
      // a limit that is reached leaves findings waiting for a thread
      story.branch = { ...story.branch, maxThreads: 1000 }
      story.mergeRequest.apply(story.plan())
      const { branch, random } = story
      const moved = branch.findings.map((finding) => ({
        ...finding,
        line: random.below(90) + 1,
        // a name that no thread knows: two equal statements that swap their files cannot be told apart
        file: `${story.mergeRequest.headSha.slice(-3)}-${finding.file ?? 'a.sql'}`,
      }))
      story.branch = { ...branch, findings: moved }
      const after = story.mergeRequest.copy()
      after.push(2)
      expect(story.plan(after).filter(({ kind }) => kind === 'create thread')).toEqual([])
    })
  })
})
