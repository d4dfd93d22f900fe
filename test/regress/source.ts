import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import { gunzip } from 'node:zlib'

const mirror = 'https://deb.debian.org/debian'

/** Where Debian may have the major: what is newest stands first. */
const suites = ['sid', 'forky', 'trixie', 'bookworm']

/** Where the files are kept between runs; the server, another user, reads the data from there. */
const cache = path.join(os.tmpdir(), 'pgrehearse-regress')

export interface RegressSource {
  /** e.g. `18.6` */
  readonly version: string
  /** `src/test/regress` */
  readonly folder: string
}

/**
 * The regression suite of this major, from Debian's source package; kept in a cache.
 * @throws NoNetwork where there is neither network nor cache
 */
export async function regressSource(major: number): Promise<RegressSource> {
  const kept = path.join(cache, `${major}.json`)
  if (existsSync(kept)) {
    const source = JSON.parse(await readFile(kept, 'utf8')) as RegressSource
    if (existsSync(source.folder)) return source
  }
  const { file, sha256, version } = await findPackage(major)
  const tarball = Buffer.from(await (await get(`${mirror}/${file}`)).arrayBuffer())
  const sum = createHash('sha256').update(tarball).digest('hex')
  if (sum !== sha256) throw new Error(`${file}: its SHA-256 is ${sum}, Debian says ${sha256}`)
  const source = { version, folder: await unpack(tarball, version) }
  await writeFile(kept, JSON.stringify(source))
  return source
}

/** There is no suite to run, and that is nobody's mistake. */
export class NoNetwork extends Error {}

async function get(url: string): Promise<Response> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(180_000) })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return response
  } catch (cause) {
    throw new NoNetwork(`${url} cannot be fetched: ${String(cause)}`, { cause })
  }
}

interface SourcePackage {
  readonly file: string
  readonly sha256: string
  readonly version: string
}

async function findPackage(major: number): Promise<SourcePackage> {
  for (const suite of suites) {
    const response = await get(`${mirror}/dists/${suite}/main/source/Sources.gz`)
    const text = (await promisify(gunzip)(Buffer.from(await response.arrayBuffer()))).toString('utf8')
    const at = text.indexOf(`Package: postgresql-${major}\n`)
    const paragraph = at === -1 ? '' : text.slice(at, text.indexOf('\n\n', at))
    const found = /^ ([0-9a-f]{64}) \d+ (postgresql-\d+_([\d.]+)\.orig\.tar\.\w+)$/m.exec(paragraph)
    const folder = /^Directory: (.*)$/m.exec(paragraph)?.[1]
    const [, sha256, name, version] = found ?? []
    if (sha256 !== undefined && name !== undefined && version !== undefined && folder !== undefined) {
      return { file: `${folder}/${name}`, sha256, version }
    }
  }
  throw new NoNetwork(`Debian has no source package of PostgreSQL ${major}`)
}

async function unpack(tarball: Buffer, version: string): Promise<string> {
  const fresh = path.join(cache, `unpacking-${process.pid}`)
  const folder = path.join(cache, version)
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const archive = path.join(fresh, 'orig.tar')
  await writeFile(archive, tarball)
  const wanted = ['sql', 'data', 'parallel_schedule'].map((name) => `*/src/test/regress/${name}`)
  await promisify(execFile)('tar', [
    '-xf',
    archive,
    '-C',
    fresh,
    '--strip-components=4',
    '--wildcards',
    ...wanted,
  ])
  await rm(archive)
  await chmod(fresh, 0o755)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
  return folder
}
