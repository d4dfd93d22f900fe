import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const runFile = promisify(execFile)

/** The image of scripts/try-containers.sh: Postgres 15 with the extension ip4r, which the embedded server lacks. */
export const image = process.env['PGREHEARSE_TEST_IMAGE'] ?? 'local/postgres-ip4r:15'

/** What the engine says to `docker <args>`. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await runFile('docker', [...args])
  return stdout.trim()
}

/** Ids of the containers of ours that are there, running or not. */
export async function containers(): Promise<readonly string[]> {
  const listed = await docker('ps', '--all', '--quiet', '--filter', 'label=org.pgrehearse.run')
  return listed.split('\n').filter((id) => id !== '')
}

/** Ids of what is left when all that goes by itself has gone. */
export async function containersInTheEnd(): Promise<readonly string[]> {
  for (let tries = 0; tries < 60 && (await containers()).length > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  return containers()
}

/** An image that does something else than start Postgres, made of the one that does; gone with the engine's cache. */
export async function imageThatRuns(name: string, ...command: readonly string[]): Promise<string> {
  const known = await docker('images', '--quiet', name)
  if (known !== '') return name
  const id = await docker('create', image)
  await docker('commit', '--change', `ENTRYPOINT ${JSON.stringify(command)}`, id, name)
  await docker('rm', '--volumes', id)
  return name
}
