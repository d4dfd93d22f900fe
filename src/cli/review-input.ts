import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { UsageError } from '../core/errors.ts'
import { reportSizeLimit } from '../gitlab/report-file.ts'
import { findToken, secretVariables, type TokenReading } from '../gitlab/token.ts'
import type { Environment } from '../review/git.ts'

/**
 * The token, taken out of this process's environment, and the environment that is left: code of the repository and
 * child processes get that one. On Linux a process of the same user can still read the environment that this process
 * was started with, in /proc; two jobs are the way to keep the token from code that is not trusted.
 */
export function takeToken(
  env: Environment,
  tokenEnv: string | undefined,
): { readonly token: TokenReading; readonly env: Environment } {
  const token = findToken(env, tokenEnv)
  const secret = new Set(secretVariables(env, tokenEnv))
  for (const name of secret) delete process.env[name]
  return { token, env: Object.fromEntries(Object.entries(env).filter(([name]) => !secret.has(name))) }
}

/**
 * The bytes of a file that somebody else put there. Only a file is read, never a pipe, which could have no end, and at
 * most one byte more than a report may have.
 * @throws {UsageError} when it cannot be read
 */
export async function readUntrustedFile(file: string, name: string): Promise<Uint8Array> {
  try {
    await using handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if (!(await handle.stat()).isFile()) throw new UsageError(`${name} is not a file.`)
    const parts: Buffer[] = []
    let size = 0
    while (size <= reportSizeLimit) {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(1024 * 1024) })
      if (bytesRead === 0) break
      parts.push(buffer.subarray(0, bytesRead))
      size += bytesRead
    }
    return Buffer.concat(parts)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const missing = code === 'ENOENT' || code === 'ENOTDIR'
    throw new UsageError(missing ? `There is no file ${name}.` : `${name} cannot be read (${code}).`, {
      ...(missing
        ? { hint: 'The job that runs `pgrehearse check` writes it: --format json:report.json.' }
        : {}),
      cause,
    })
  }
}
