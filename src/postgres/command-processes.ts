import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup } from './process-group.ts'
import {
  environmentOf,
  hasProcessTable,
  isOurUsers,
  isRunning,
  processIds,
  readProcess,
  signalProcess,
  type ProcessEntry,
} from './process-table.ts'

/** The variable by which processes of a command are known again; that of a command within a command holds both words. */
export const wordVariable = 'PGREHEARSE_COMMAND'

export function newWord(): string {
  return randomBytes(16).toString('hex')
}

/**
 * All that a command has started: its process group, and on Linux what has left that (setsid, daemons). It is known by a
 * word in its environment, or by its parent. Both are looked for again and again while the command runs: a program that
 * sets its title writes it over its environment (setproctitle), and a daemon's parent has ended.
 */
export class CommandProcesses {
  /** Nobody else's environment holds it. */
  readonly word = newWord()
  readonly #seen: (process: ProcessEntry) => void
  readonly #ours = new Map<number, ProcessEntry>()
  /** Looked at once, and not ours. */
  readonly #others = new Set<number>()
  #leader: ProcessEntry | undefined
  #group: number | undefined
  #timer: NodeJS.Timeout | undefined
  #ended: Promise<void> | undefined

  /** @param seen told every process that is found */
  constructor(seen: (process: ProcessEntry) => void) {
    this.#seen = seen
  }

  /** The environment with the word in it. */
  marked(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
    const words = [env[wordVariable] ?? '', this.word].filter((word) => word !== '')
    return { ...env, [wordVariable]: words.join(' ') }
  }

  /** The command has been started, as the leader of a group of its own. */
  watch(group: number): void {
    this.#group = group
    if (!hasProcessTable()) return
    // node has not asked yet how it ended: the entry is there
    this.#leader = readProcess(group)
    if (this.#leader === undefined) return
    this.#add(this.#leader)
    this.#timer = setInterval(() => this.#look(), betweenLooksMs)
    this.#timer.unref()
  }

  /** No new ones are looked for until {@link end}. */
  rest(): void {
    clearInterval(this.#timer)
  }

  /** Is anything left of it? */
  isLeft(): boolean {
    this.#forgetGroup()
    return this.#leader === undefined ? this.#group !== undefined : this.#left().length > 0
  }

  /** Where nobody is left in it, its number may be given to a group of somebody else. */
  #forgetGroup(): void {
    if (!signalGroup(this.#group, 0)) this.#group = undefined
  }

  /** Asks all of them to end, and ends what has not after three seconds. */
  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    this.rest()
    if (!this.isLeft()) return
    this.#signal('SIGTERM')
    const until = performance.now() + graceMs
    while (performance.now() < until) {
      await sleep(betweenLooksMs)
      if (!this.isLeft()) return
    }
    // they may start more of them while they are ended
    for (let tries = 0; tries < mostKills && this.isLeft(); tries++) {
      this.#signal('SIGKILL')
      await sleep(betweenLooksMs)
    }
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#leader === undefined) {
      signalGroup(this.#group, signal)
      return
    }
    const left = this.#left()
    // all at once where it is still theirs
    if (left.some((process) => this.#isInGroup(process) && isRunning(process)))
      signalGroup(this.#group, signal)
    for (const process of left) if (!this.#isInGroup(process)) signalProcess(process, signal)
  }

  #left(): readonly ProcessEntry[] {
    // ids may have been given again
    this.#others.clear()
    this.#look()
    return [...this.#ours.values()]
  }

  #look(): void {
    this.#forgetGroup()
    for (const process of this.#ours.values()) {
      const now = readProcess(process.id)
      if (now?.start !== process.start || now.hasEnded) this.#ours.delete(process.id)
      else this.#ours.set(process.id, now)
    }
    const fresh = processIds()
      .filter((id) => !this.#ours.has(id) && !this.#others.has(id))
      .flatMap((id) => readProcess(id) ?? [])
      .filter((process) => this.#mayBeOurs(process))
    for (const process of fresh) if (this.#isInGroup(process) || this.#isMarked(process)) this.#add(process)
    for (let before = -1; before !== this.#ours.size;) {
      before = this.#ours.size
      for (const process of fresh) if (this.#ours.has(process.parent)) this.#add(process)
    }
    for (const { id, isStuck } of fresh) if (!isStuck && !this.#ours.has(id)) this.#others.add(id)
  }

  /** What was there before the command is no process of it. */
  #mayBeOurs(process: ProcessEntry): boolean {
    const isYounger = process.start >= (this.#leader?.start ?? Infinity)
    const may = isYounger && !process.hasEnded && (this.#isInGroup(process) || isOurUsers(process.id))
    if (!may) this.#others.add(process.id)
    return may
  }

  #isInGroup({ group }: ProcessEntry): boolean {
    return group === this.#group
  }

  /** Reading an environment waits for a process that waits with its memory locked. */
  #isMarked({ id, isStuck }: ProcessEntry): boolean {
    return !isStuck && environmentOf(id).includes(this.word)
  }

  #add(process: ProcessEntry): void {
    const known = this.#ours.get(process.id)
    if (known?.start !== process.start) this.#seen(process)
    this.#ours.set(process.id, process)
  }
}

/** From TERM to KILL. */
const graceMs = 3000
const betweenLooksMs = 100
const mostKills = 20
