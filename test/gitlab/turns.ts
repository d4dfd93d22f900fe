import type { ClientOptions } from '../../src/gitlab/client.ts'

type Fetch = NonNullable<ClientOptions['fetch']>

export interface Sent {
  readonly who: string
  readonly method: string
  readonly path: string
}

/** Lets the requests of several runs through one at a time, in the order of a schedule. */
export class Turns {
  /** What was sent, in order. */
  readonly sent: Sent[] = []
  readonly #schedule: string[]
  readonly #waiting: { readonly who: string; readonly go: () => void }[] = []
  readonly #running: Set<string>
  #isBusy = false

  /** When the schedule is over, everybody goes on in the order of coming. */
  constructor(schedule: readonly string[]) {
    this.#schedule = [...schedule]
    this.#running = new Set(schedule)
  }

  /** A fetch that waits for its turn; a turn ends when the whole answer is here. */
  fetchOf(who: string): Fetch {
    return (url, init) =>
      this.turn(who, async () => {
        this.sent.push({ who, method: init.method, path: new URL(url).pathname })
        const answer = await fetch(url, init)
        const text = answer.status === 204 ? null : await answer.text()
        return new Response(text, { status: answer.status, headers: answer.headers })
      })
  }

  /** Anything that is done in one turn. */
  async turn<T>(who: string, work: () => T | Promise<T>): Promise<T> {
    await new Promise<void>((go) => {
      this.#waiting.push({ who, go })
      this.#next()
    })
    try {
      return await work()
    } finally {
      this.#isBusy = false
      this.#next()
    }
  }

  /** Something that has turns; those that it does not need are skipped. */
  async run<T>(who: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } finally {
      this.#running.delete(who)
      this.#next()
    }
  }

  #next(): void {
    if (this.#isBusy) return
    while (this.#schedule[0] !== undefined && !this.#running.has(this.#schedule[0])) this.#schedule.shift()
    const [turn] = this.#schedule
    const at = this.#waiting.findIndex(({ who }) => turn === undefined || who === turn)
    const chosen = this.#waiting[at]
    if (chosen === undefined) return
    this.#waiting.splice(at, 1)
    if (turn !== undefined) this.#schedule.shift()
    this.#isBusy = true
    chosen.go()
  }
}
