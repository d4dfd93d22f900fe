import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerRuntimeClient, ImageName, StartedTestContainer } from 'testcontainers'
import { EnvironmentError, ToolError } from '../core/errors.ts'
import {
  containersOf,
  findEngine,
  loadContainerLibrary,
  removeContainers,
  runLabel,
  type ContainerLibrary,
} from './container-engine.ts'
import { answersQueries, endedContainer } from './container-ready.ts'
import { applyReplaySettings } from './container-settings.ts'
import { watchContainers, type ContainerWatchdog } from './container-watchdog.ts'
import { useAddress } from './existing.ts'
import type { PostgresServer, ServerOptions } from './provider.ts'
import { newPassword } from './roles.ts'
import { superuserName } from './postmaster.ts'
import type { ServerAddress } from './server-url.ts'

/** Images of Postgres with PostGIS have 250 MB and more. */
const pullTimeoutMs = 600_000
const readyTimeoutMs = 90_000
/** Ryuk is a second guard beside our own: not worth more. */
const reaperTimeoutMs = 20_000

/**
 * Starts a throwaway server in a container of `options.containerImage`. Its superuser has a random password, its port
 * is on the loopback interface where the engine is on this machine, and nothing else is on it. Disposing it, an error
 * and an abort of `options.signal` remove the container and its volumes; so does a watchdog process when ours is killed,
 * and Ryuk where it can be had and TESTCONTAINERS_RYUK_DISABLED is not set.
 * @throws EnvironmentError without an engine, when the image cannot be pulled, or when no Postgres that we are
 * superuser of answers in time; the signal's reason when it is aborted. No container is left behind.
 */
export async function startInContainer(options: ServerOptions): Promise<PostgresServer> {
  const { containerImage: image = '', signal, env } = options
  const library = await loadContainerLibrary()
  const client = await findEngine(library)
  const name = library.ImageName.fromString(image)
  await abortable(pull(client, name, image), signal)
  const life = new ContainerLife(client, env)
  try {
    const superuser = await superuserOf(client, name)
    const password = newPassword()
    const address = (port: number): ServerAddress => addressOf(client, port, superuser, password)
    const starting = life.start(library, name, {
      environment: { POSTGRES_USER: superuser, POSTGRES_PASSWORD: password, ...unimportantData },
      ready: { client, image, timeoutMs: readyTimeoutMs, signal, address },
    })
    const container = await starting.catch(async (error: unknown) => {
      // one that ends at once has no port, and that is what testcontainers says of it
      throw (await life.endedContainer(image, password)) ?? error
    })
    return await useAddress(address(container.getMappedPort(5432)), options, {
      description: `container ${image}`,
      prepare: applyReplaySettings,
      end: () => life.end(),
    })
  } catch (error) {
    await life.end()
    signal?.throwIfAborted()
    throw error instanceof ToolError ? error : cannotStart(image, error)
  }
}

/** Without a database of the superuser's name, and without waiting for a disk. */
const unimportantData = { POSTGRES_DB: 'postgres', POSTGRES_INITDB_ARGS: '--no-sync' }

function cannotStart(image: string, cause: unknown): EnvironmentError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EnvironmentError(`No container of ${image} could be started: ${reason}`, {
    hint: 'Run `pgrehearse doctor`, which tries the container engine.',
    cause,
  })
}

async function pull(client: ContainerRuntimeClient, name: ImageName, image: string): Promise<void> {
  const failed = (reason: string, cause?: unknown): EnvironmentError =>
    new EnvironmentError(`The image ${image} cannot be pulled: ${reason}`, {
      hint: 'Check its name and tag, and whether this machine may reach its registry (`docker pull` says more).',
      cause,
    })
  const timeout = AbortSignal.timeout(pullTimeoutMs)
  try {
    if (await client.image.exists(name)) return
    await abortable(client.image.pull(name), timeout)
  } catch (cause) {
    if (timeout.aborted) throw failed(`it took longer than ${pullTimeoutMs / 60_000} minutes.`)
    throw failed(cause instanceof Error ? cause.message : String(cause), cause)
  }
  // errors within the stream of progress are not told by testcontainers
  if (!(await client.image.exists(name))) throw failed('the engine does not have it afterwards.')
}

/** Rejects when the signal is aborted, whatever becomes of the work. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  work.catch(() => undefined)
  signal.throwIfAborted()
  return Promise.race([work, rejection(signal)])
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

/** The name that an image insists on (its own scripts may use it), else ours: then `postgres` is an ordinary role. */
async function superuserOf(client: ContainerRuntimeClient, name: ImageName): Promise<string> {
  const { Config: config } = await client.image.inspect(name)
  const set = config.Env?.find((one) => one.startsWith('POSTGRES_USER='))
  return set?.slice('POSTGRES_USER='.length) || superuserName
}

function addressOf(
  client: ContainerRuntimeClient,
  port: number,
  user: string,
  password: string,
): ServerAddress {
  const { host } = client.info.containerRuntime
  // localhost may be ::1, where the port is not
  const reachable = isLoopback(host) ? '127.0.0.1' : host
  return {
    config: {
      host: reachable,
      port,
      user,
      password: () => password,
      database: 'postgres',
      ssl: false,
      client_encoding: 'UTF8',
      connectionTimeoutMillis: 10_000,
    },
    place: `${reachable}:${port}`,
    password,
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1'
}

interface ContainerSpec {
  readonly environment: Record<string, string>
  readonly ready: Parameters<typeof answersQueries>[0]
}

/** The container of one run, and its end, whichever way it comes. */
class ContainerLife {
  readonly #client: ContainerRuntimeClient
  readonly #runId = randomBytes(6).toString('hex')
  readonly #watchdog: ContainerWatchdog
  #ended: Promise<void> | undefined

  constructor(client: ContainerRuntimeClient, env: ServerOptions['env']) {
    this.#client = client
    this.#watchdog = watchContainers(this.#runId, env)
  }

  async start(
    library: ContainerLibrary,
    name: ImageName,
    { environment, ready }: ContainerSpec,
  ): Promise<StartedTestContainer> {
    const onLoopback = isLoopback(this.#client.info.containerRuntime.host)
    class Container extends library.GenericContainer {
      /** As withExposedPorts(), which takes every interface of the machine. */
      exposePostgres(): this {
        this.withExposedPorts(5432)
        if (onLoopback) {
          this.hostConfig.PortBindings = { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] }
        }
        return this
      }
    }
    const hasReaper = await startReaper(library, this.#client)
    return new Container(name.string)
      .exposePostgres()
      .withEnvironment(environment)
      .withLabels({ [runLabel]: this.#runId })
      .withAutoCleanup(hasReaper)
      .withWaitStrategy(answersQueries(ready))
      .start()
  }

  /** What a container of this run said before it ended, if one did. */
  async endedContainer(image: string, password: string): Promise<EnvironmentError | undefined> {
    const [id] = await containersOf(this.#client, this.#runId)
    return id === undefined ? undefined : endedContainer(this.#client, image, id, password)
  }

  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    // the watchdog goes on trying where this fails
    await removeContainers(this.#client, this.#runId).then(
      () => this.#watchdog.release(),
      () => undefined,
    )
  }
}

/** False where Ryuk's image cannot be had or may not run: our own watchdog has to do. */
async function startReaper(library: ContainerLibrary, client: ContainerRuntimeClient): Promise<boolean> {
  const reaper = library.getReaper(client).then(
    () => true,
    () => false,
  )
  return Promise.race([reaper, sleep(reaperTimeoutMs, false, { ref: false })])
}
