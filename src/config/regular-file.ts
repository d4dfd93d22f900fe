import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Bytes of the largest configuration or baseline that is read. */
const sizeLimit = 64 * 1024 * 1024

/**
 * The bytes of a file of the branch, which may be a link to anything: a device never ends, a named pipe waits for its
 * writer. Rejects as node:fs does; what is no file has the code EINVAL, what is too large EFBIG.
 */
export async function readRegularFile(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await handle.stat()
    if (found.isDirectory()) throw refused('EISDIR', 'it is a folder')
    if (!found.isFile()) throw refused('EINVAL', 'it is not a file')
    if (found.size > sizeLimit) throw refused('EFBIG', `it is larger than ${sizeLimit / 1024 / 1024} MB`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

function refused(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code })
}
