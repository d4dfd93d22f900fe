import { constants } from 'node:fs'
import { open, realpath, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { snapshotSizeLimit } from '../snapshot/format.ts'

const hint =
  'Write one with `pgrehearse snapshot` or `pg_dump --statistics-only`, or take `snapshot` out of the configuration.'

/**
 * The text of a file with facts about production; `name` is how messages call it. A path relative to `root` stays inside of it, also through symbolic
 * links: those come with the merge request, even where the configuration does not.
 * @throws {ConfigError} when it cannot be read, is too large or no text
 */
export async function readFactsFile(file: string, root: string, name: string): Promise<string> {
  return decodeFacts(await readBytes(name, await locate(file, root, name)), name)
}

/** @throws {ConfigError} when it is too large or no text */
export function decodeFacts(bytes: Uint8Array, name: string): string {
  if (bytes.length > snapshotSizeLimit) throw tooLarge(name, bytes.length)
  if (Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'PGDMP') {
    throw new ConfigError(`${name} is an archive of pg_dump, not text.`, {
      hint: 'Write it with `pg_dump --statistics-only --format=plain`.',
    })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ConfigError(`${name} is not UTF-8 text.`, { hint, cause })
  }
}

async function locate(given: string, root: string, name: string): Promise<string> {
  if (path.isAbsolute(given)) return given
  const file = path.resolve(root, given)
  const real = await realpath(file).catch((cause: unknown) => {
    throw unreadable(name, cause)
  })
  if (isInside(root, file) && isInside(await realpath(root), real)) return real
  throw new ConfigError(`${name} is outside of the project.`, {
    hint: 'Keep the file in the project, or give its absolute path.',
  })
}

function isInside(folder: string, file: string): boolean {
  const way = path.relative(folder, file)
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

async function readBytes(name: string, file: string): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    // a named pipe would wait for its writer
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await handle.stat()
    if (!found.isFile()) throw new ConfigError(`${name} is not a file.`, { hint })
    if (found.size > snapshotSizeLimit) throw tooLarge(name, found.size)
    return await handle.readFile()
  } catch (cause) {
    throw cause instanceof ConfigError ? cause : unreadable(name, cause)
  } finally {
    await handle?.close()
  }
}

function tooLarge(name: string, bytes: number): ConfigError {
  const [is, most] = [bytes, snapshotSizeLimit].map((size) => `${Math.round(size / 1024 / 1024)} MB`)
  return new ConfigError(`${name} has ${is}; at most ${most} are read.`, {
    hint: 'Leave tables out that no migration touches, or write the few large ones into `tables` of the configuration.',
  })
}

function unreadable(name: string, cause: unknown): ConfigError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ENOENT') return new ConfigError(`There is no file ${name}.`, { hint, cause })
  const reason = code === 'EACCES' ? 'permission denied' : code === '' ? String(cause) : code
  return new ConfigError(`${name} cannot be read: ${reason}.`, { hint, cause })
}
