import { closeSync, constants, existsSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { withRightsOf, type OsUser } from './os-user.ts'

/** Bytes of a page (BLCKSZ). */
export const pageBytes = 8192

/** Pages of a file; what is larger goes on in `.1`, `.2`, … (RELSEG_SIZE). */
export const segmentPages = 131_072

/** Pages of the largest relation (MaxBlockNumber in block.h, one is left for InvalidBlockNumber). */
const mostPages = 2 ** 32 - 2

/**
 * The files of relations on a server of our own. Paths are what pg_relation_filepath() gives, of the default
 * tablespace. Only lengths are changed, so a relation of any size takes no room: what is not written are holes, and a
 * page of zeros is valid (PageIsVerified(), bufpage.c).
 */
export class RelationFiles {
  readonly #dataDir: string
  readonly #user: OsUser
  #hasRights = false

  constructor(dataDir: string, user: OsUser) {
    this.#dataDir = dataDir
    this.#user = user
  }

  /**
   * Changes of many files: with the rights of the server's user all the while, because to change the user once takes as
   * long as to change a file. `work` is synchronous.
   */
  together(work: () => void): void {
    this.#withRights(() => {
      this.#hasRights = true
      try {
        work()
      } finally {
        this.#hasRights = false
      }
    })
  }

  #withRights<T>(work: () => T): T {
    return this.#hasRights ? work() : withRightsOf(this.#user, work)
  }

  /**
   * Makes each relation as long as this. Segments that are too many stay behind empty, as Postgres itself leaves
   * them (mdtruncate(), md.c).
   * @throws Error when a path is no relation's, or the file system refuses the length
   */
  resize(relations: Iterable<{ readonly path: string; readonly pages: number }>): void {
    this.#withRights(() => {
      for (const { path, pages } of relations) this.#resizeOne(this.#fileOf(path), pages)
    })
  }

  #resizeOne(file: string, pages: number): void {
    let rest = Math.max(0, Math.min(Math.round(pages), mostPages))
    for (let segment = 0; ; segment += 1) {
      const name = segment === 0 ? file : `${file}.${segment}`
      const here = Math.min(rest, segmentPages)
      // a full segment is followed by one more only where there is more, but one that is there already must not stay
      if (segment > 0 && here === 0 && !existsSync(name)) return
      truncate(name, here * pageBytes, segment > 0)
      rest -= here
    }
  }

  /** The first page; undefined where the file has none. */
  firstPage(path: string): Buffer | undefined {
    return this.#withRights(() => {
      const file = openSync(this.#fileOf(path), constants.O_RDONLY | constants.O_NOFOLLOW)
      try {
        const page = Buffer.alloc(pageBytes)
        return readSync(file, page, 0, pageBytes, 0) === pageBytes ? page : undefined
      } finally {
        closeSync(file)
      }
    })
  }

  /** Writes the first pages of a relation; the server must not have read them yet, or be stopped. */
  writeFirstPages(path: string, pages: readonly Buffer[]): void {
    this.#withRights(() => {
      const file = openSync(this.#fileOf(path), constants.O_WRONLY | constants.O_NOFOLLOW)
      try {
        const bytes = Buffer.concat(pages)
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, at)
      } finally {
        closeSync(file)
      }
    })
  }

  #fileOf(path: string): string {
    if (!/^base\/\d{1,10}\/\d{1,10}$/.test(path)) throw new Error(`${path} is no file of a relation`)
    return join(this.#dataDir, path)
  }
}

function truncate(name: string, bytes: number, mayCreate: boolean): void {
  const { O_WRONLY, O_NOFOLLOW, O_CREAT } = constants
  const file = openSync(name, O_WRONLY | O_NOFOLLOW | (mayCreate ? O_CREAT : 0), 0o600)
  try {
    ftruncateSync(file, bytes)
  } finally {
    closeSync(file)
  }
}
