import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Limit } from '../core/model.ts'
import { readRegularFile } from './regular-file.ts'

/** Names by which comparable tools know their configuration. */
const data = /^\.?pgrehearse(?:rc|[.-]?config|\.conf)?(?:\.(?:ya?ml|jsonc?|json5|toml))?$/i
const code = /^\.?pgrehearse(?:rc|[.-]?config|\.conf)\.[cm]?[jt]s$/i

/**
 * What to say of a configuration that goes unread because of its name. Undefined where there is none: a file with data
 * counts when it sets something of ours, since reports and CI jobs have such names too.
 * @param folders those in which a configuration is looked for, absolute
 * @param cwd to which the file is said relatively
 */
export async function misnamedConfig(
  folders: readonly string[],
  cwd: string,
  readNames: readonly string[],
): Promise<Limit | undefined> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names.toSorted((one, other) => (one < other ? -1 : 1))) {
      if (readNames.includes(name) || !(code.test(name) || data.test(name))) continue
      const file = path.join(folder, name)
      if (await isConfig(file, code.test(name))) return unread(path.relative(cwd, file), readNames)
    }
  }
  return undefined
}

async function isConfig(file: string, isCode: boolean): Promise<boolean> {
  const bytes = await readRegularFile(file).catch(() => undefined)
  if (bytes === undefined) return false
  if (isCode) return true
  // only where a file has such a name: start-up time
  const { decodeText } = await import('./read.ts')
  const { configSchema } = await import('./schema.ts')
  let text: string
  try {
    text = decodeText(bytes, file)
  } catch {
    return false
  }
  const keys = Object.keys(configSchema.shape).join('|')
  // YAML and TOML at the beginning of a line, JSON anywhere: the reports that we write say their version
  const sets = new RegExp(
    String.raw`^(?:"|')?(?:${keys})(?:"|')?\s*[:=]|[{,]\s*"(?:${keys})"\s*:|^\[(?:${keys})\b`,
    'm',
  )
  return sets.test(text) && !/"schemaVersion"\s*:/.test(text)
}

function unread(name: string, readNames: readonly string[]): Limit {
  const endings = new Set(readNames.map((each) => path.extname(each)))
  const ending = path.extname(name).toLowerCase()
  const mended = `pgrehearse.config${endings.has(ending) ? ending : '.yaml'}`
  const others = [...endings].filter((each) => each !== '.yaml').join(', ')
  return {
    code: 'config-not-read',
    message: `${name} is not read: the configuration is called pgrehearse.config.yaml (or ${others}).`,
    hint: endings.has(ending)
      ? `Rename it to ${mended}, or name it with --config.`
      : `Write it as ${mended}.`,
  }
}
