import type { MigrationResult } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import type { SampleOutcome } from '../cost/samples.ts'
import type { ClusterImage } from '../postgres/cluster-image.ts'
import { startEmbedded } from '../postgres/embedded.ts'
import type { ConfigurableServer, ServerOptions } from '../postgres/provider.ts'
import { serverTrouble } from '../postgres/trouble.ts'
import type { KeptHistory } from '../replay/prepare-history.ts'
import type { Circumstances } from '../replay/replay.ts'
import { fillTables } from './fill.ts'
import type { Fill } from './filled-database.ts'
import { findOutcome, keepOutcome, sampleKey } from './sample-cache.ts'
import { Sampling } from './sampling.ts'
import { productionMemory, samplingSettings } from './sampling-settings.ts'

export interface SampleRequest extends Circumstances {
  /** Samples run on an embedded server, whatever the rehearsal runs on. */
  readonly serverOptions: Omit<ServerOptions, 'serverUrl' | 'sharedServer' | 'image'>
  /** What the rehearsal found, one for each migration of the review. */
  readonly results: readonly MigrationResult[]
  readonly production: Production
  /** For everything, the start of the server too; it is not exceeded by more than a second or two. */
  readonly budgetMs: number
  /** Rows of a table in the largest sample; 300,000 when absent. */
  readonly mostRows?: number
  readonly debug?: (message: string) => void
  /** The history, kept by a server of the same kind. */
  readonly kept?: KeptHistory & { readonly image: ClusterImage }
  /** Folder that keeps outcomes between runs; see {@link sampleKey}. */
  readonly cacheDir?: string
  /** Version of pgrehearse, for the cache's key. */
  readonly tool?: string
}

/**
 * Runs the review on synthetic rows, at two sizes and with memory in proportion, and counts what each statement does.
 * See docs/durations.md for why these.
 * @throws EnvironmentError when no embedded server can be had, or when it runs out of disk or memory
 */
export async function sampleRun(request: SampleRequest, fill: Fill = fillTables): Promise<SampleOutcome> {
  const begun = performance.now()
  const { cacheDir, signal, debug } = request
  const key = cacheDir === undefined ? undefined : await sampleKey(request)
  if (cacheDir !== undefined && key !== undefined) {
    const found = await findOutcome(cacheDir, key, request.review)
    if (found !== undefined) {
      debug?.('samples: taken from the cache')
      return { ...found, spentMs: performance.now() - begun }
    }
  }
  const outcome = await sampleOnServer(request, fill, begun)
  signal.throwIfAborted()
  if (cacheDir !== undefined && key !== undefined) await keepOutcome(cacheDir, key, outcome)
  return outcome
}

async function sampleOnServer(request: SampleRequest, fill: Fill, begun: number): Promise<SampleOutcome> {
  const { serverOptions, production, kept, signal } = request
  const memory = productionMemory(production.settings)
  await using server: ConfigurableServer = await startEmbedded(
    { ...serverOptions, ...(kept === undefined ? {} : { image: kept.image }) },
    (major) => samplingSettings(memory, major),
  )
  signal.throwIfAborted()
  try {
    const endsAt = begun + request.budgetMs
    return await endedInTime(new Sampling(request, server, fill, begun).run(), { endsAt, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw serverTrouble(error) ?? error
  }
}

/** Everything that samples has ended long before, if nothing runs that nobody thought of. */
const graceMs = 30_000
/** Sessions are cancelled and ended in less. */
const abortGraceMs = 5000

/**
 * Gives up what does not end, some time after it should have: the caller then ends the server, and with it whatever runs
 * there.
 * @throws the signal's reason; an error when time is over
 */
async function endedInTime<T>(
  work: Promise<T>,
  { endsAt, signal }: { readonly endsAt: number; readonly signal: AbortSignal },
): Promise<T> {
  const timers: NodeJS.Timeout[] = []
  let abort = (): void => {}
  const late = new Promise<never>((_, reject) => {
    const over = (): void => reject(new Error('it did not end when its time was over'))
    timers.push(setTimeout(over, Math.max(0, endsAt - performance.now()) + graceMs))
    abort = () => void timers.push(setTimeout(() => reject(signal.reason as Error), abortGraceMs))
  })
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, late])
  } finally {
    for (const timer of timers) clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    // of what is given up nobody hears any more
    work.catch(() => undefined)
  }
}
