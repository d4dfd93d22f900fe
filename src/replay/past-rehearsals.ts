import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How long a rehearsal took that began with a kept history. */
export interface PastRehearsal {
  /** {@link HistoryKey.circumstances}. */
  readonly circumstances: string
  /** Was all of the history kept, or a beginning of it? */
  readonly kept: 'all' | 'beginning'
  /** Milliseconds, of the server's start and end as well. One that was given up would have taken longer. */
  readonly ms: number
}

/** Of each kind: what was so long ago does not count. */
const maxOfAKind = 5

const fileName = 'rehearsals.json'

/**
 * The times of past rehearsals, kept in a file beside the cached histories. A file that is missing or damaged
 * counts as empty.
 */
export class PastRehearsals {
  readonly #dir: string
  readonly #circumstances: string

  constructor(dir: string, circumstances: string) {
    this.#dir = dir
    this.#circumstances = circumstances
  }

  /**
   * The shortest time among the last ones of this kind, in milliseconds; undefined when there were not two yet,
   * because one alone may have met a slow moment of the machine.
   */
  async shortest(kept: PastRehearsal['kept']): Promise<number | undefined> {
    const times = (await this.#read()).filter((one) => this.#isSameKind(one, kept)).map(({ ms }) => ms)
    return times.length < 2 ? undefined : Math.min(...times)
  }

  /** Notes one. What cannot be written is not: the next estimate is worse, and that is all. */
  async add(rehearsal: Omit<PastRehearsal, 'circumstances'>): Promise<void> {
    const past = await this.#read()
    const sameKind = past.filter((one) => this.#isSameKind(one, rehearsal.kept))
    const newest: PastRehearsal = { circumstances: this.#circumstances, ...rehearsal }
    const others = past.filter((one) => !sameKind.includes(one)).slice(-3 * maxOfAKind)
    await this.#write([...others, ...sameKind.slice(1 - maxOfAKind), newest]).catch(() => undefined)
  }

  #isSameKind(one: PastRehearsal, kept: PastRehearsal['kept']): boolean {
    return one.circumstances === this.#circumstances && one.kept === kept
  }

  async #read(): Promise<readonly PastRehearsal[]> {
    try {
      const parsed: unknown = JSON.parse(await readFile(join(this.#dir, fileName), 'utf8'))
      return Array.isArray(parsed) ? parsed.filter(isPastRehearsal) : []
    } catch {
      return []
    }
  }

  async #write(rehearsals: readonly PastRehearsal[]): Promise<void> {
    await mkdir(this.#dir, { recursive: true })
    const draft = join(
      this.#dir,
      `${randomBytes(16).toString('hex')}.${randomBytes(6).toString('hex')}.unfinished`,
    )
    try {
      await writeFile(draft, `${JSON.stringify(rehearsals, null, 1)}\n`, { flag: 'wx' })
      await rename(draft, join(this.#dir, fileName))
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
}

function isPastRehearsal(value: unknown): value is PastRehearsal {
  if (typeof value !== 'object' || value === null) return false
  const { circumstances, kept, ms } = value as Readonly<Record<keyof PastRehearsal, unknown>>
  return (
    typeof circumstances === 'string' &&
    (kept === 'all' || kept === 'beginning') &&
    typeof ms === 'number' &&
    ms >= 0
  )
}
