import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { runLabel } from './container-engine.ts'
import { leaveBeside } from './watchdog-process.ts'

/**
 * Waits until our process is gone, which closes the pipe on its standard input, and removes the containers of the
 * run. `done` on the pipe means that they are removed already.
 */
const script = `
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
const [, library, label] = process.argv
process.stdin.on('data', (chunk) => { if (chunk.toString().includes('done')) process.exit(0) })
process.stdin.on('end', async () => {
  const { getContainerRuntimeClient } = await import(library)
  const { dockerode } = (await getContainerRuntimeClient()).container
  // an engine that is busy creating one when we die goes on with it, and on some storage that takes long
  for (let left = 60, removed = 0; left > 0 && removed === 0; left--) {
    for (const { Id } of await dockerode.listContainers({ all: true, filters: { label: [label] } })) {
      await dockerode.getContainer(Id).remove({ force: true, v: true }).then(() => removed++, () => {})
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  process.exit(0)
})
`

/** Removes the containers of a run when our process dies without a chance to do it. */
export interface ContainerWatchdog {
  /** They are removed already: ends the watchdog. */
  release(): void
}

/** Starts the watchdog in a session of its own, so that Ctrl-C in the terminal does not reach it. */
export function watchContainers(
  runId: string,
  env: Readonly<Record<string, string | undefined>>,
): ContainerWatchdog {
  const library = createRequire(import.meta.url).resolve('testcontainers')
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', script, pathToFileURL(library).href, `${runLabel}=${runId}`],
    {
      cwd: '/',
      // DOCKER_HOST and its like; nothing of the job's loaders
      env: { ...env, NODE_OPTIONS: '' },
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  // without a watchdog, Ryuk or the next look at `docker ps` has to do
  leaveBeside(child)
  return {
    release: () => {
      child.stdin.end('done\n')
    },
  }
}
