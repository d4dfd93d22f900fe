import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterImage } from '../postgres/cluster-image.ts'
import type { SaveResult } from '../postgres/provider.ts'
import { CacheEntryError, decodeEntry, encodeEntry } from './cache-entry.ts'
import { isBeginningOf, isSameKey, keyName, type HistoryKey } from './history-key.ts'
import { PastRehearsals } from './past-rehearsals.ts'
import type { KeptHistory, PreparedHistory } from './prepare-history.ts'

export interface HistoryCacheOptions {
  /** Folder of the entries; made when something is kept. */
  readonly dir: string
  readonly key: HistoryKey
  /** May a kept beginning of the history be continued? Not where files share a session: its state is not kept. */
  readonly mayContinue: boolean
  readonly progress: (message: string) => void
}

/** A kept history, and the cluster that it is in. */
export interface FoundHistory extends KeptHistory {
  readonly image: ClusterImage
}

/** Entries that stay: the one just used, and the one that the branch before it used. */
const maxEntries = 2
const entryName = /^[0-9a-f]{32}\.history$/
const unfinishedName = /^[0-9a-f]{32}\.[0-9a-f]{12}\.unfinished$/
const unfinishedMaxAgeMs = 60 * 60 * 1000

/**
 * Keeps replayed histories between runs, one file for each, in a folder that other runs may use at the same time.
 * Nothing that is wrong with the cache fails a run: it is said as progress, and the history is replayed.
 *
 * Disposing it waits until what was kept is on disk.
 */
export class HistoryCache implements AsyncDisposable {
  /** How long rehearsals took here that began with an entry. */
  readonly past: PastRehearsals
  readonly #options: HistoryCacheOptions
  #writing: Promise<void> | undefined

  constructor(options: HistoryCacheOptions) {
    this.#options = options
    this.past = new PastRehearsals(options.dir, options.key.circumstances)
  }

  /** The history, or the longest beginning of it that is kept. */
  async find(): Promise<FoundHistory | undefined> {
    const { dir, key, mayContinue } = this.#options
    const name = `${keyName(key)}.history`
    const exact = await this.#read(name, (found) => isSameKey(found, key))
    if (exact !== undefined || !mayContinue) return exact
    let longest: FoundHistory | undefined
    for (const other of await namesIn(dir)) {
      if (other === name || !entryName.test(other)) continue
      const isLonger = (found: HistoryKey): boolean =>
        found.scripts.length > (longest?.applied ?? -1) && isBeginningOf(found, key)
      longest = (await this.#read(other, isLonger)) ?? longest
    }
    return longest
  }

  /** The entry, when its key is wanted. */
  async #read(name: string, isWanted: (key: HistoryKey) => boolean): Promise<FoundHistory | undefined> {
    const file = join(this.#options.dir, name)
    try {
      const entry = decodeEntry(await readFile(file))
      if (!isWanted(entry.key)) return undefined
      const image = await entry.image()
      // the time of last use decides what goes first
      await utimes(file, new Date(), new Date()).catch(() => undefined)
      return { image, prepared: entry.prepared, applied: entry.key.scripts.length }
    } catch (error) {
      if (isMissing(error)) return undefined
      if (!(error instanceof CacheEntryError) && !isSystemError(error)) throw error
      this.unusable(`${name}: ${error.message}`)
      return undefined
    }
  }

  /** Says why what the cache held is not used. */
  unusable(why: string): void {
    this.#options.progress(`Cache unusable: ${why}`)
  }

  /** Keeps what the server saved. The file is written while the run goes on. */
  keep(saved: SaveResult, prepared: PreparedHistory): void {
    if ('refused' in saved) {
      this.#options.progress(`The history is not cached, because ${saved.refused}`)
      return
    }
    this.#writing = this.#write(saved.image, prepared).catch((error: unknown) => {
      this.#options.progress(
        `The history is not cached: ${error instanceof Error ? error.message : String(error)}`,
      )
    })
  }

  async #write(image: ClusterImage, prepared: PreparedHistory): Promise<void> {
    const { dir, key } = this.#options
    const name = keyName(key)
    const unfinished = join(dir, `${name}.${randomBytes(6).toString('hex')}.unfinished`)
    const isNew = (await mkdir(dir, { recursive: true })) !== undefined
    // whoever adds all files to git must not add these: a committed cache is not used
    if (isNew) await writeFile(join(dir, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined)
    try {
      await writeFile(unfinished, await encodeEntry({ key, prepared, image }), { flag: 'wx' })
      await rename(unfinished, join(dir, `${name}.history`))
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    await removeOld(dir)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing
  }
}

/** Leaves the entries that were used last, and what another run may just be writing. */
async function removeOld(dir: string): Promise<void> {
  const entries: { readonly file: string; readonly usedMs: number }[] = []
  for (const name of await namesIn(dir)) {
    const isUnfinished = unfinishedName.test(name)
    if (!isUnfinished && !entryName.test(name)) continue
    const file = join(dir, name)
    const usedMs = (await stat(file).catch(() => undefined))?.mtimeMs ?? 0
    if (!isUnfinished) entries.push({ file, usedMs })
    else if (usedMs < Date.now() - unfinishedMaxAgeMs) await rm(file, { force: true })
  }
  const old = entries.toSorted((a, b) => b.usedMs - a.usedMs).slice(maxEntries)
  for (const { file } of old) await rm(file, { force: true })
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch(() => [])
}

function isMissing(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ENOENT'
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}
