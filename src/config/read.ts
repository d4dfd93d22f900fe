import path from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { readRegularFile } from './regular-file.ts'
import * as authoring from './authoring.ts'

/**
 * What the file says, not yet validated. `name` is how messages call it.
 * @throws {ConfigError} when it cannot be read, parsed or run
 */
export async function readConfigValue(file: string, name: string): Promise<unknown> {
  const ending = path.extname(file)
  if (ending === '.ts' || ending === '.js' || ending === '.mjs') return runModule(file, name)
  const bytes = await readBytes(file, name)
  if (ending === '.json' || ending === '.yaml' || ending === '.yml') return parseConfigText(bytes, name)
  throw new ConfigError(`${name} is not a configuration file that pgrehearse can read.`, {
    hint: 'Its name has to end in .ts, .js, .mjs, .json, .yaml or .yml.',
  })
}

/**
 * What the bytes of a JSON or YAML file say, not yet validated. The ending of `name` tells which it is.
 * @throws {ConfigError} when it is not UTF-8 or cannot be parsed
 */
export async function parseConfigText(bytes: Uint8Array, name: string): Promise<unknown> {
  const text = decodeText(bytes, name)
  return name.endsWith('.json') ? parseJson(text, name) : parseYaml(text, name)
}

async function readBytes(file: string, name: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(file)
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

/** @throws {ConfigError} when it is not UTF-8 */
export function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

function unreadable(name: string, cause: unknown): ConfigError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return new ConfigError(`There is no configuration file ${name}.`, { cause })
  if (code === 'EISDIR') return new ConfigError(`${name} is a folder, not a configuration file.`, { cause })
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new ConfigError(`${name} is not UTF-8 text.`, { hint: 'Save it as UTF-8.', cause })
  }
  return new ConfigError(`${name} cannot be read: ${messageOf(cause)}.`, { cause })
}

function parseJson(text: string, name: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (cause) {
    const offset = /at position (\d+)/.exec(messageOf(cause))?.[1]
    const place = offset === undefined ? '' : `:${lineAndColumn(text, Number(offset))}`
    throw new ConfigError(
      `${name}${place} is not valid JSON: ${messageOf(cause).replace(/ in JSON at position.*/s, '')}.`,
      { cause },
    )
  }
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`
}

async function parseYaml(text: string, name: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  // prettyErrors would repeat the source line, and with it a server.url with its password.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    throw new ConfigError(`${name}:${line}:${col} is not valid YAML: ${error.message}.`, { cause: error })
  }
  try {
    return document.toJS()
  } catch (cause) {
    throw new ConfigError(`${name} is not valid YAML: ${messageOf(cause)}.`, { cause })
  }
}

/**
 * Runs the configuration as code, TypeScript included. `import … from 'pgrehearse'` inside means this very
 * program, also under npx where the project has no copy of its own.
 */
async function runModule(file: string, name: string): Promise<unknown> {
  decodeText(await readBytes(file, name), name)
  const { createJiti } = await import('jiti')
  // fsCache would leave files behind in the temporary folder.
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    virtualModules: { pgrehearse: { ...authoring } },
  })
  let module: unknown
  try {
    module = await jiti.import(file)
  } catch (cause) {
    throw new ConfigError(`${name} could not be loaded: ${messageOf(cause)}`, { cause })
  }
  const value =
    typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  if (value === undefined) {
    throw new ConfigError(`${name} exports no configuration.`, {
      hint: 'Write `export default defineConfig({ … })`.',
    })
  }
  return value
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message
    .trim()
    .replace(/\s*\n\s*/g, '\n  ')
    .replace(/\.$/, '')
}
