import { randomUUID } from 'node:crypto'
import { chmod, link, lstat, mkdir, readFile, realpath, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EnvironmentError } from '../core/errors.ts'

/** A file of the project to write. */
export interface FileToWrite {
  /** Relative to the project root, with `/`. */
  readonly path: string
  /** What stands there now, on which the new text rests; undefined: nothing. */
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array
}

interface Draft {
  readonly file: FileToWrite
  readonly target: string
  readonly draft: string
}

/**
 * Writes files of the project: each whole or not at all, and none where one of them cannot be written. Nothing outside of
 * the project is touched, whatever links a branch puts there, and no file that somebody has changed in the meantime.
 * @throws {EnvironmentError} with nothing written
 */
export async function writeProjectFiles(root: string, files: readonly FileToWrite[]): Promise<void> {
  const drafts: Draft[] = []
  const created: string[] = []
  const done: Draft[] = []
  try {
    for (const file of files) drafts.push(await draftOf(root, file, created))
    refuseSame(drafts)
    for (const draft of drafts) await refuseChanged(draft)
    for (const draft of drafts) {
      await putInPlace(draft)
      done.push(draft)
    }
  } catch (cause) {
    for (const { file, target } of done) await putBack(file, target)
    for (const { draft } of drafts) await rm(draft, { force: true })
    for (const folder of created.toReversed()) await rmdir(folder).catch(() => {})
    if (cause instanceof EnvironmentError) throw cause
    throw new EnvironmentError(`The files could not be written: ${codeOf(cause)}.`, { cause })
  }
}

async function draftOf(root: string, file: FileToWrite, created: string[]): Promise<Draft> {
  const target = await targetOf(root, file.path, created)
  const draft = path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}`)
  const mode = file.before === undefined ? undefined : (await lstat(target)).mode & 0o7777
  await writeFile(draft, file.after, { flag: 'wx' })
  // the mask of the process does not count for a file that is there
  if (mode !== undefined) await chmod(draft, mode)
  return { file, target, draft }
}

/** The file itself, links followed inside of the project only; folders that are not there are made. */
async function targetOf(root: string, name: string, created: string[]): Promise<string> {
  const top = await realpath(root)
  const parts = name.split('/')
  if (path.isAbsolute(name) || parts.some((part) => ['..', '.', ''].includes(part))) throw outside(name)
  if (isGits(parts)) throw outside(name)
  let folder = top
  for (const part of parts.slice(0, -1)) {
    const next = path.join(folder, part)
    if ((await lstat(next).catch(() => undefined)) === undefined) {
      await mkdir(next)
      created.push(next)
    }
    folder = await realpath(next)
    if (!isBelow(folder, top) || isGits(path.relative(top, folder).split(path.sep))) throw outside(name)
  }
  const target = path.join(folder, parts.at(-1) ?? '')
  const found = await lstat(target).catch(() => undefined)
  if (found === undefined || found.isFile()) return target
  const real = found.isSymbolicLink() ? await realpath(target).catch(() => undefined) : undefined
  if (real === undefined || !isBelow(real, top) || !(await lstat(real)).isFile()) throw outside(name)
  if (isGits(path.relative(top, real).split(path.sep))) throw outside(name)
  return real
}

/** Does it lead to what git reads and runs? Some file systems ignore the case of letters, and dots and blanks at the end. */
function isGits(parts: readonly string[]): boolean {
  return parts.some((part) => /^(?:\.git|git~1)[. ]*$/i.test(part))
}

function isBelow(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)
}

/** Links of a branch can give one file two names, and each would be written without what the other has. */
function refuseSame(drafts: readonly Draft[]): void {
  const names = new Map<string, string>()
  for (const { file, target } of drafts) {
    const other = names.get(target)
    if (other !== undefined)
      throw new EnvironmentError(`${other} and ${file.path} are the same file; nothing was written.`)
    names.set(target, file.path)
  }
}

async function refuseChanged({ file, target }: Draft): Promise<void> {
  const now = await readFile(target).catch(() => undefined)
  const isSame =
    now === undefined ? file.before === undefined : file.before !== undefined && now.equals(file.before)
  if (isSame) return
  throw new EnvironmentError(`${file.path} was changed in the meantime; nothing was written.`, {
    hint: 'Run `pgrehearse fix` again.',
  })
}

async function putInPlace({ file, target, draft }: Draft): Promise<void> {
  if (file.before !== undefined) return rename(draft, target)
  try {
    // unlike rename, that takes no other file's place
    await link(draft, target)
    await rm(draft, { force: true })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error
    // a file system without links
    await rename(draft, target)
  }
}

async function putBack({ before }: FileToWrite, target: string): Promise<void> {
  if (before === undefined) await rm(target, { force: true })
  else await writeFile(target, before)
}

function outside(name: string): EnvironmentError {
  return new EnvironmentError(
    `${name} does not lie in the project as a file of its own; nothing was written.`,
  )
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}
