import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerRuntimeClient, WaitStrategy } from 'testcontainers'
import { EnvironmentError } from '../core/errors.ts'
import { connectClient } from './connect.ts'
import { lastLogLines } from './container-engine.ts'
import { safeReason, type ServerAddress } from './server-url.ts'

const pollIntervalMs = 100
const connectTimeoutMs = 2_000

/** What waiting for a container has to know. */
export interface ReadinessRequest {
  readonly client: ContainerRuntimeClient
  readonly image: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Where the server will be, once the engine says at which port. */
  readonly address: (port: number) => ServerAddress
}

/**
 * Ready is a server that answers a query of ours over the network. The entrypoint of the official image starts a
 * server of its own first, for initialisation, on its Unix socket alone (docker_temp_server_start in
 * docker-entrypoint.sh: `-c listen_addresses=''`): that one never answers us. What the log says does not matter, so
 * images with other entrypoints will do.
 */
export function answersQueries(request: ReadinessRequest): WaitStrategy {
  const { timeoutMs } = request
  const strategy: WaitStrategy = {
    waitUntilReady: (container, ports) =>
      waitForServer(request, container.id, request.address(ports.getBinding(5432))),
    withStartupTimeout: () => strategy,
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => timeoutMs,
  }
  return strategy
}

async function waitForServer(request: ReadinessRequest, id: string, address: ServerAddress): Promise<void> {
  const { client, image, timeoutMs, signal } = request
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    const failure = await tryToAsk(address)
    if (failure === undefined) return
    const over = await endedContainer(client, image, id, address.password)
    if (over !== undefined) throw over
    if (performance.now() > deadline) {
      const seconds = Math.round(timeoutMs / 1000)
      throw new EnvironmentError(
        `The container of ${image} does not become ready: after ${seconds} s its Postgres says: ${failure}.`,
        { hint: 'Is it an image of Postgres that takes POSTGRES_USER and POSTGRES_PASSWORD?' },
      )
    }
    await sleep(pollIntervalMs)
  }
}

/** Why the server does not answer; undefined when it does. */
async function tryToAsk(address: ServerAddress): Promise<string | undefined> {
  try {
    const config = { ...address.config, connectionTimeoutMillis: connectTimeoutMs }
    const admin = await connectClient(config)
    try {
      await admin.query('select 1')
    } finally {
      await admin.end().catch(() => undefined)
    }
    return undefined
  } catch (error) {
    return safeReason(address, error)
  }
}

/** What a container said before it ended; undefined while it runs. */
export async function endedContainer(
  client: ContainerRuntimeClient,
  image: string,
  id: string,
  password: string,
): Promise<EnvironmentError | undefined> {
  const { State: state } = await client.container.inspect(client.container.getById(id))
  if (state.Running || state.Status === 'created') return undefined
  const log = (await lastLogLines(client, id)).replaceAll(password, '***')
  const said = log === '' ? 'It printed nothing.' : `It printed last:\n${log}`
  return new EnvironmentError(
    `The container of ${image} ended while it started (exit code ${state.ExitCode}). ${said}`,
    {
      hint: 'Name an image of Postgres that takes POSTGRES_USER and POSTGRES_PASSWORD, as the official one does.',
    },
  )
}
