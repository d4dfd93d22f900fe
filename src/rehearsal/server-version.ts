/** Which major version of Postgres a run is about: the one that was asked for, else production's, else the newest here. */
import { UsageError } from '../core/errors.ts'
import type { Limit } from '../core/model.ts'
import { list } from '../reporters/words.ts'
import type { CheckOptions } from '../check-options.ts'

/** The oldest major version that anything can be rehearsed on. */
const oldest = 14

/** Stands for the major version in the name of an image. */
export const majorPlaceholder = '{major}'

/** `16` of `16.3`; undefined for what is no version. */
export function majorOf(version: string | undefined): number | undefined {
  const major = Number.parseInt(version ?? '', 10)
  return Number.isNaN(major) ? undefined : major
}

type Asked = Pick<
  CheckOptions,
  'config' | 'cwd' | 'pgVersion' | 'pgVersions' | 'replay' | 'serverUrl' | 'containerImage'
>

/**
 * The same options with the major to replay on: where none was asked for, that is production's, if it can be had here.
 * Syntax that not all of the asked majors and production know is of no use in remedies (`productionMajor`).
 * @param production version of Postgres that production runs, e.g. `16.3`
 * @throws {UsageError} for an image of `{major}` where nobody says which
 */
export async function decideMajor<Options extends Asked>(
  options: Options,
  production: string | undefined,
): Promise<Options & Pick<CheckOptions, 'productionMajor'>> {
  const known = majorOf(production)
  const all = [...(known === undefined ? [] : [known]), ...(options.pgVersions ?? [])]
  const productionMajor = all.length === 0 ? {} : { productionMajor: Math.min(...all) }
  const major = options.pgVersion ?? (await defaultMajor(options, known))
  const { containerImage } = options
  return {
    ...options,
    ...productionMajor,
    ...(major === undefined ? {} : { pgVersion: major }),
    ...(containerImage === undefined || !options.replay
      ? {}
      : { containerImage: imageOf(containerImage, major) }),
  }
}

/** Undefined: whatever the server is, else the newest that is installed. */
async function defaultMajor(options: Asked, production: number | undefined): Promise<number | undefined> {
  const { config, cwd, replay, serverUrl, containerImage } = options
  if (production === undefined || serverUrl !== undefined) return undefined
  if (containerImage !== undefined) return containerImage.includes(majorPlaceholder) ? production : undefined
  if (!replay) return production
  if (config.server?.binaries !== undefined) return undefined
  const { installations } = await import('../postgres/binaries.ts')
  const installed = await installations(cwd)
  return installed.some(({ major }) => major === production) ? production : undefined
}

function imageOf(image: string, major: number | undefined): string {
  if (!image.includes(majorPlaceholder)) return image
  if (major !== undefined) return image.replaceAll(majorPlaceholder, String(major))
  throw new UsageError(`The image ${image} needs a major version, and nobody says which.`, {
    hint: 'Add --pg-version 17, or say which version production runs: `production: { version: … }` in the configuration.',
  })
}

/** What a run was done with, for {@link otherVersion}. */
export interface VersionsOfRun {
  /** Production's, e.g. `16.3`; undefined: not known. */
  readonly production: string | undefined
  /** Of the servers, e.g. `18.4`; absent or empty: nothing was replayed. */
  readonly rehearsedOn?: readonly string[]
  /** The major version that was predicted for, where nothing was to be replayed. */
  readonly predictedFor?: number
}

/** Says that the rehearsal was on another major than production's; nothing where one of its servers has that. */
export async function otherVersion(
  asked: Asked,
  { production, rehearsedOn = [], predictedFor }: VersionsOfRun,
): Promise<readonly Limit[]> {
  const major = majorOf(production)
  const servers = predictedFor === undefined ? rehearsedOn : [String(predictedFor)]
  if (major === undefined || servers.length === 0) return []
  if (servers.some((version) => majorOf(version) === major)) return []
  const { howToInstall } = await import('../postgres/binaries.ts')
  const { why, hint } = reasonOf(asked, major, howToInstall(major))
  const done = predictedFor === undefined ? 'rehearsed on' : 'predicted for'
  const message =
    `Production runs Postgres ${production}; this was ${done} ${list(servers)}, because ${why}: ` +
    'locks, rewrites and what Postgres accepts may differ.'
  return [{ code: 'other-version', message, hint }]
}

/** @param remedy how to install the major; undefined: it is not to be had */
function reasonOf(
  asked: Asked,
  major: number,
  remedy: string | undefined,
): { readonly why: string; readonly hint: string } {
  const { config, serverUrl, pgVersion, pgVersions, containerImage } = asked
  if (serverUrl !== undefined)
    return { why: 'the server that was given is that', hint: `Give a server of Postgres ${major}.` }
  if (pgVersions !== undefined)
    return { why: 'those were asked for', hint: `Ask for Postgres ${major} as well.` }
  if (pgVersion !== undefined)
    return { why: 'that was asked for', hint: `Ask for Postgres ${major} as well.` }
  if (containerImage !== undefined)
    return { why: `the image ${containerImage} holds that`, hint: `Name an image of Postgres ${major}.` }
  if (config.server?.binaries !== undefined) {
    const why = '`server.binaries` in the configuration is that'
    return { why, hint: `Name the folder of Postgres ${major} there.` }
  }
  if (remedy === undefined)
    return {
      why: `${major} cannot be had here`,
      hint:
        major < oldest ? `The oldest is ${oldest}: --pg-version ${oldest}.` : 'Give one with --server-url.',
    }
  return {
    why: `${major} is not installed here`,
    hint: `${remedy}, or rehearse in a container: --image postgres:${major}.`,
  }
}
