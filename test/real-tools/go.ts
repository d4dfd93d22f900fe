import { access } from 'node:fs/promises'
import path from 'node:path'
import { Unavailable, type Execute } from './tool.ts'

/** A command of a Go module, e.g. `github.com/pressly/goose/v3` and `cmd/goose`. */
export interface GoCommand {
  readonly module: string
  readonly version: string
  /** Path of the command in its module. */
  readonly command: string
  readonly tags?: string
}

/**
 * Builds a command of a Go module into the folder, unless it is there.
 * @returns its version
 * @throws {Unavailable} when the module proxy cannot be reached
 */
export async function installGoCommand(
  folder: string,
  { module, version, command, tags = '' }: GoCommand,
  execute: Execute,
): Promise<string> {
  const bin = path.join(folder, version)
  const name = path.basename(command === '' ? module : command)
  if (await exists(path.join(bin, name))) return version
  const target = `${[module, command].filter((part) => part !== '').join('/')}@${version}`
  try {
    await execute('go', ['install', `-tags=${tags}`, target], { env: { GOBIN: bin, GOFLAGS: '-mod=mod' } })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (/dial tcp|no such host|403 Forbidden|i\/o timeout/.test(message))
      throw new Unavailable(`${target} cannot be downloaded here`)
    throw error
  }
  return version
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
