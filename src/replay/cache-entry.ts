/**
 * A file of the history cache.
 *
 * First line: `pgrehearse history 2 <SHA-256 of all that follows>`. Second line: the manifest, JSON. Then the
 * image of the cluster (`postgres/cluster-image.ts`), gzipped.
 */
import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, gunzip, gzip } from 'node:zlib'
import type { Limit } from '../core/model.ts'
import { maxImageBytes, type ClusterImage } from '../postgres/cluster-image.ts'
import type { FailedStep } from './failed-step.ts'
import type { HistoryKey } from './history-key.ts'
import type { PreparedHistory } from './prepare-history.ts'

/** With the number of the layout above, of the manifest's and of the image's. */
const signature = 'pgrehearse history 2 '

export interface CacheEntry {
  readonly key: HistoryKey
  readonly prepared: PreparedHistory
  readonly image: ClusterImage
}

/** An entry that cannot be used; the message says why. */
export class CacheEntryError extends Error {
  override readonly name = 'CacheEntryError'
}

/** Everything of an entry but the image's bytes. */
interface Manifest {
  readonly key: HistoryKey
  readonly prepared: PreparedHistory
  readonly password: string
}

const compress = promisify(gzip)
const decompress = promisify(gunzip)

export async function encodeEntry({ key, prepared, image }: CacheEntry): Promise<Buffer> {
  const manifest: Manifest = { key, prepared, password: image.password }
  // pages are mostly empty: a tenth of the size at the speed of a copy
  const packed = await compress(image.bytes, { level: constants.Z_BEST_SPEED })
  const content = Buffer.concat([Buffer.from(`${JSON.stringify(manifest)}\n`), packed])
  return Buffer.concat([Buffer.from(firstLine(content)), content])
}

function firstLine(content: Buffer): string {
  return `${signature}${hash('sha256', content, 'hex')}\n`
}

/** Reads the manifest of an entry; its image is unpacked when asked for. @throws CacheEntryError */
export function decodeEntry(bytes: Buffer): Manifest & { readonly image: () => Promise<ClusterImage> } {
  const start = bytes.indexOf('\n') + 1
  const first = bytes.toString('latin1', 0, start)
  const content = bytes.subarray(start)
  if (!first.startsWith(signature)) {
    throw new CacheEntryError('it was not written by this version of pgrehearse')
  }
  if (first !== firstLine(content)) throw new CacheEntryError('it is damaged')
  const end = content.indexOf('\n')
  const manifest = readManifest(content.toString('utf8', 0, end))
  return { ...manifest, image: () => readImage(manifest.password, content.subarray(end + 1)) }
}

function readManifest(text: string): Manifest {
  let manifest: unknown
  try {
    manifest = JSON.parse(text)
  } catch {
    throw new CacheEntryError('its manifest is no JSON')
  }
  if (!isManifest(manifest)) throw new CacheEntryError('its manifest is incomplete')
  return manifest
}

async function readImage(password: string, packed: Buffer): Promise<ClusterImage> {
  try {
    return { password, bytes: await decompress(packed, { maxOutputLength: 2 * maxImageBytes }) }
  } catch (cause) {
    throw new CacheEntryError(`it cannot be unpacked (${(cause as Error).message})`)
  }
}

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value) || !isRecord(value['key']) || !isRecord(value['prepared'])) return false
  const { key, prepared, password } = value
  return (
    typeof password === 'string' &&
    typeof key['circumstances'] === 'string' &&
    isListOf(key['scripts'], (one) => typeof one === 'string') &&
    typeof prepared['base'] === 'string' &&
    typeof prepared['seeded'] === 'string' &&
    isListOf(prepared['failedSteps'], isFailedStep) &&
    isListOf(prepared['seedLimits'], isLimit)
  )
}

function isLimit(value: unknown): value is Limit {
  return isRecord(value) && typeof value['code'] === 'string' && typeof value['message'] === 'string'
}

function isFailedStep(value: unknown): value is FailedStep {
  return (
    isRecord(value) &&
    isRecord(value['span']) &&
    typeof value['message'] === 'string' &&
    typeof value['sqlstate'] === 'string' &&
    isListOf(value['mentions'], (one) => typeof one === 'string')
  )
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
