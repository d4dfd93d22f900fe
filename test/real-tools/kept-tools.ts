import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { execute } from './execute.ts'
import { Unavailable, type Execute } from './tool.ts'

/** Where tools are kept between runs. */
export const toolsDir =
  process.env['PGREHEARSE_TOOLS_DIR'] ?? path.join(homedir(), '.cache', 'pgrehearse-real-tools')

/** What can be put into a folder. */
export interface Installable {
  readonly name: string
  /** The name of its folder, where another tool of that name is put together otherwise. */
  readonly keptAs?: string
  install(folder: string, execute: Execute): Promise<string>
}

/**
 * Has a tool put into its folder.
 * @throws {Unavailable} when that fails: what a registry does not give today is not ours to mend
 */
export async function installed(
  tool: Installable,
): Promise<{ readonly version: string; readonly folder: string }> {
  const folder = path.join(toolsDir, tool.keptAs ?? tool.name)
  await mkdir(folder, { recursive: true })
  try {
    return { version: await tool.install(folder, execute), folder }
  } catch (error) {
    if (error instanceof Unavailable) throw error
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new Unavailable(`it could not be installed (${line})`)
  }
}
