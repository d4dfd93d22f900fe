import { setTimeout as sleep } from 'node:timers/promises'
import type * as Library from 'testcontainers'
import type { ContainerRuntimeClient } from 'testcontainers'
import { EnvironmentError } from '../core/errors.ts'

/** The package that talks to container engines; optional, and loaded only where a container is asked for. */
export type ContainerLibrary = typeof Library

const engineTimeoutMs = 20_000

/** The version that package.json names. */
const libraryVersion = '12.0.1'

const withoutEngine =
  'Start Docker or Podman (in GitLab CI: the service docker:dind and DOCKER_HOST), or run the image as a service and give its address with --server-url.'

/** @throws EnvironmentError with the command that installs the package. */
export async function loadContainerLibrary(): Promise<ContainerLibrary> {
  try {
    return await import('testcontainers')
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new EnvironmentError('A container needs the package testcontainers, which is not installed.', {
      hint: `Install it with \`npm install --save-dev testcontainers@${libraryVersion}\`, or install pgrehearse without --omit=optional.`,
      cause,
    })
  }
}

/**
 * The engine that DOCKER_HOST, ~/.testcontainers.properties or one of the usual sockets leads to.
 * @throws EnvironmentError when none answers.
 */
export async function findEngine(library: ContainerLibrary): Promise<ContainerRuntimeClient> {
  const found = library.getContainerRuntimeClient().catch((cause: unknown) => cause as Error)
  const engine = await Promise.race([found, sleep(engineTimeoutMs, undefined, { ref: false })])
  if (engine !== undefined && !(engine instanceof Error)) return engine
  const why = engine === undefined ? `: it did not answer within ${engineTimeoutMs / 1000} s` : ''
  throw new EnvironmentError(`No container engine can be reached${why}.`, {
    hint: withoutEngine,
    cause: engine,
  })
}

/** `28.2.2 on Debian GNU/Linux 12`, for `doctor`. @throws EnvironmentError as {@link findEngine} does. */
export async function describeEngine(): Promise<string> {
  const { info } = await findEngine(await loadContainerLibrary())
  const { serverVersion, operatingSystem } = info.containerRuntime
  return `${serverVersion} on ${operatingSystem}`
}

/** Containers of one run carry this label with the run's id. */
export const runLabel = 'org.pgrehearse.run'

/** Ids of every container of a run, running or not. */
export async function containersOf(
  client: ContainerRuntimeClient,
  runId: string,
): Promise<readonly string[]> {
  const filters = { label: [`${runLabel}=${runId}`] }
  const found = await client.container.dockerode.listContainers({ all: true, filters })
  return found.map(({ Id }) => Id)
}

/** Removes every container of a run, running or not, with its volumes. */
export async function removeContainers(client: ContainerRuntimeClient, runId: string): Promise<void> {
  const { dockerode } = client.container
  for (const Id of await containersOf(client, runId)) {
    await dockerode.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone)
  }
}

/** 404: gone; 409: somebody else (Ryuk) is removing it. */
function ignoreGone(error: unknown): void {
  const { statusCode } = error as { statusCode?: number }
  if (statusCode !== 404 && statusCode !== 409) throw error
}

const logLines = 8

/** The last lines that a container printed. */
export async function lastLogLines(client: ContainerRuntimeClient, id: string): Promise<string> {
  const container = client.container.getById(id)
  const bytes = await container
    .logs({ follow: false, stdout: true, stderr: true, tail: logLines })
    .catch(() => Buffer.alloc(0))
  return withoutFrames(bytes).trim()
}

/** The engine puts a header of 8 bytes before each piece: stream, three zeros, length. */
function withoutFrames(bytes: Buffer): string {
  const texts: string[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4)
    texts.push(bytes.toString('utf8', at + 8, at + 8 + length))
    at += 8 + length
  }
  return texts.join('')
}
