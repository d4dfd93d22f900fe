import { ConfigError } from '../core/errors.ts'
import { isPlainObject, mergeConfigs, withoutEmpty } from './merge.ts'
import { checkShape } from './validate.ts'

/** Where configuration files are read from: the disk, or a commit. */
export interface ConfigFiles {
  /**
   * The file that `said` in `extends` of `from` names; undefined for one that is left out.
   * @throws {ConfigError} when there is none, or it must not be read
   */
  readonly resolve: (said: string, from: string) => string | undefined
  /**
   * What a file says, not yet validated.
   * @throws {ConfigError} when it cannot be read or parsed
   */
  readonly read: (file: string) => Promise<unknown>
  /** How messages call a file. */
  readonly nameOf: (file: string) => string
}

/** More would be a mistake, or a file that means harm: each may extend many. */
const mostFiles = 50

/**
 * What a configuration file says together with everything that it extends, not yet validated as a whole.
 * @throws {ConfigError} naming the file that is missing, wrong, or extends itself
 */
export async function readWithExtended(file: string, files: ConfigFiles): Promise<unknown> {
  const value = await files.read(file)
  const bases = basesOf(value)
  if (bases.length === 0) return mergeable(value)
  const layers: unknown[] = []
  await readLayers({ file, value, files, layers, chain: [] })
  return mergeConfigs(layers)
}

/** The same files, remembering which were read. */
export function watchFiles(files: ConfigFiles): {
  readonly files: ConfigFiles
  readonly read: readonly string[]
} {
  const read: string[] = []
  return {
    read,
    files: {
      ...files,
      read: (file) => {
        read.push(file)
        return files.read(file)
      },
    },
  }
}

interface Layer {
  readonly file: string
  readonly value: unknown
  readonly files: ConfigFiles
  /** Bases first. */
  readonly layers: unknown[]
  /** The files that led here. */
  readonly chain: readonly string[]
}

async function readLayers({ file, value, files, layers, chain }: Layer): Promise<void> {
  const name = files.nameOf(file)
  checkShape(value, name)
  const here = [...chain, file]
  for (const said of basesOf(value)) {
    const base = files.resolve(said, file)
    if (base === undefined) continue
    if (here.includes(base)) {
      const circle = [...here.slice(here.indexOf(base)), base].map((each) => files.nameOf(each))
      throw new ConfigError(`These configurations extend one another in a circle: ${circle.join(' → ')}.`, {
        hint: 'Remove one of the `extends`.',
      })
    }
    await readLayers({ file: base, value: await files.read(base), files, layers, chain: here })
  }
  if (layers.length >= mostFiles) {
    throw new ConfigError(`${name} is one of more than ${mostFiles} files that the configuration extends.`, {
      hint: 'Write them into fewer files.',
    })
  }
  layers.push(value)
}

/** An `extends` of another form is left for the validation to complain about. */
function basesOf(value: unknown): readonly string[] {
  const said = isPlainObject(value) ? value['extends'] : undefined
  const list: readonly unknown[] = Array.isArray(said) ? said : [said]
  return list.every((each): each is string => typeof each === 'string' && each !== '') ? list : []
}

/** Without an empty `extends`, which says nothing. */
function mergeable(value: unknown): unknown {
  const isEmptyList = isPlainObject(value) && Array.isArray(value['extends']) && value['extends'].length === 0
  return isEmptyList ? mergeConfigs([value]) : withoutEmpty(value)
}
