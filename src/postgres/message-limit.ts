import type { Client } from 'pg'

/** Bytes of one message of the protocol; what we ask of catalogues is far smaller. */
const mostBytes = 64 * 1024 ** 2

/** Type and length. */
const headerBytes = 5

interface Stream {
  prependListener(event: 'data', listener: (chunk: Buffer) => void): void
  destroy(error: Error): void
}

/**
 * Ends the connection when a message begins that is larger than we want to hold: a RAISE of a migration may be 1 GB, and
 * above 512 MB reading it ends the process. For a client that is connected and idle.
 */
export function limitMessages(client: Client): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Stream } }).connection
  const header = Buffer.alloc(headerBytes)
  let known = 0
  /** Of the message that is on its way. */
  let rest = 0
  stream.prependListener('data', (chunk) => {
    let at = 0
    while (at < chunk.length) {
      const skipped = Math.min(rest, chunk.length - at)
      rest -= skipped
      at += skipped
      const copied = chunk.copy(header, known, at, at + headerBytes - known)
      known += copied
      at += copied
      if (known < headerBytes) return
      known = 0
      // the length counts itself
      rest = header.readUInt32BE(1) - 4
      if (rest > mostBytes) return stream.destroy(tooLarge())
    }
  })
}

function tooLarge(): Error {
  const message = `Connection terminated: Postgres sent a message of more than ${mostBytes / 1024 ** 2} MB`
  return Object.assign(new Error(message), { code: 'ECONNRESET' })
}
