import { lstat, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { CustomReporter } from '../config/define.ts'
import { ConfigError, EnvironmentError, UsageError } from '../core/errors.ts'
import type { Report } from '../core/model.ts'
import { nearest } from '../core/suggest.ts'
import { canMerge, mergeTexts } from '../reporters/merge.ts'
import { isReporterName, loadReporter, reporterNames, type ReporterName } from '../reporters/index.ts'
import type { CommandContext } from './context.ts'

/** One report to write; without a file it goes to standard output. */
export interface FormatTarget {
  readonly name: string
  readonly file?: string
  /** One of the configuration's own; absent: ours. */
  readonly reporter?: CustomReporter
}

/**
 * The reports that `--format name[:file]` asks for. The terminal report goes to standard output unless
 * another one does, so that a job that writes files only still has a readable log. `own` are the configuration's.
 * @throws {UsageError} for a name nobody knows, and for two reports on one output
 */
export function parseFormats(
  values: readonly string[],
  own: readonly CustomReporter[] = [],
): readonly FormatTarget[] {
  const targets = values.map((value) => parseFormat(value, own))
  const outputs = new Set<string>()
  for (const { file = 'standard output' } of targets) {
    if (outputs.has(file)) {
      throw new UsageError(`Two reports cannot both be written to ${file}.`, {
        hint: 'Give all but one a file of its own: --format json:report.json.',
      })
    }
    outputs.add(file)
  }
  return outputs.has('standard output') ? targets : [{ name: 'terminal' }, ...targets]
}

function parseFormat(value: string, own: readonly CustomReporter[]): FormatTarget {
  const colon = value.indexOf(':')
  const name = colon === -1 ? value : value.slice(0, colon)
  const file = colon === -1 ? undefined : value.slice(colon + 1)
  const reporter = own.find(({ id }) => id === name)
  if (reporter === undefined && !isReporterName(name)) {
    const known = [...reporterNames, ...own.map(({ id }) => id)]
    const suggestion = nearest(name, known)
    throw new UsageError(`There is no report format ${JSON.stringify(name)}.`, {
      hint:
        suggestion === undefined
          ? `The formats are ${known.join(', ')}.`
          : `Did you mean ${JSON.stringify(suggestion)}?`,
    })
  }
  if (file === '') {
    throw new UsageError(`--format ${value} names no file.`, {
      hint: `Write --format ${name} for standard output, or --format ${name}:<file>.`,
    })
  }
  return {
    name,
    ...(file === undefined || file === '-' ? {} : { file }),
    ...(reporter === undefined ? {} : { reporter }),
  }
}

/** Writes every report. Files first: a closed pipe on standard output must not cost the artefacts. */
export async function writeReports(
  report: Report,
  targets: readonly FormatTarget[],
  context: CommandContext,
): Promise<void> {
  for (const target of filesFirst(targets)) {
    await writeText(await textOf(report, target, context), target.file, context)
  }
}

/**
 * The same for several databases: one file for all where the format can hold several reports, else, or where its name
 * holds `{database}`, one for each. `spoken` are those that people are to read of.
 */
export async function writeReportsOfAll(
  reports: readonly Report[],
  spoken: readonly Report[],
  targets: readonly FormatTarget[],
  context: CommandContext,
): Promise<void> {
  for (const target of filesFirst(targets)) {
    const { name, file } = target
    const isForEach = file?.includes('{database}') === true
    const shown = file !== undefined && (isForEach || canMerge(name)) ? reports : spoken
    const texts = await Promise.all(shown.map((report) => textOf(report, target, context)))
    const merged = isForEach || (shown.length === 1 && !canMerge(name)) ? undefined : mergeTexts(name, texts)
    if (merged !== undefined) await writeText(merged, file, context)
    else if (file === undefined && shown.length > 1 && isReporterName(name))
      throw onlyOneReport(target, shown)
    else {
      const isAlone = shown.length === 1 && !isForEach
      for (const [index, { database = '' }] of shown.entries())
        await writeText(texts[index] ?? '', isAlone ? file : file && fileOf(file, database), context)
    }
  }
}

function onlyOneReport({ name }: FormatTarget, { length }: readonly Report[]): UsageError {
  return new UsageError(`One ${name} report is about one database, and here are ${length}.`, {
    hint: `Write --format ${name}:<file>, which makes a file for each, or choose one with --database.`,
  })
}

function filesFirst(targets: readonly FormatTarget[]): readonly FormatTarget[] {
  return targets.toSorted((a, b) => Number(b.file !== undefined) - Number(a.file !== undefined))
}

/** `report-{database}.html` becomes `report-billing.html`; without that word, `report.html` `report.billing.html`. */
function fileOf(file: string, database: string): string {
  if (file.includes('{database}')) return file.replaceAll('{database}', database)
  const { dir, name, ext } = path.parse(file)
  return path.join(dir, `${name}.${database}${ext}`)
}

async function textOf(
  report: Report,
  { name, file, reporter: own }: FormatTarget,
  context: CommandContext,
): Promise<string> {
  if (own !== undefined) return renderOwn(own, report)
  if (!isReporterName(name)) throw new Error(`No reporter is called ${name}.`)
  const reporter = await loadReporter(name)
  const { color, width } = file === undefined ? context.out : { color: false, width: 100 }
  return reporter(report, { color, width, ...(await titlesFor(name)) })
}

/** @throws {ConfigError} when the configuration's reporter fails */
function renderOwn(own: CustomReporter, report: Report): string {
  const { id } = own
  let text: unknown
  try {
    text = own.render(report)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError(`The reporter ${id} of the configuration failed: ${message}`, { cause })
  }
  if (typeof text === 'string') return text
  throw new ConfigError(`The reporter ${id} of the configuration gives no text.`, {
    hint: 'Its render() has to return a string.',
  })
}

async function writeText(text: string, file: string | undefined, context: CommandContext): Promise<void> {
  if (file === undefined) await context.out.write(text)
  else await writeFileAtomically(path.resolve(context.cwd, file), text, file)
}

/** Titles are for formats that describe rules; the terminal does without and starts quicker. */
async function titlesFor(
  name: ReporterName,
): Promise<{ ruleTitle?: (ruleId: string) => string | undefined }> {
  if (name === 'terminal') return {}
  const { allRules } = await import('./catalogue.ts')
  const titles = new Map((await allRules()).map(({ id, title }) => [id, title]))
  return { ruleTitle: (ruleId) => titles.get(ruleId) }
}

/**
 * Writes the whole file or nothing: a reader never sees half a report, and a symbolic link that a merge
 * request put there is replaced, not followed. `name` is how messages call the file.
 * @throws {EnvironmentError} when the disk or the permissions refuse it
 */
export async function writeFileAtomically(file: string, text: string, name: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true })
    // /dev/stdout, a named pipe: something to write to, not to put a file in place of.
    if (await isDevice(file)) return await writeFile(file, text)
    const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`)
    try {
      await writeFile(draft, text, { flag: 'wx' })
      await rename(draft, file)
    } catch (cause) {
      await rm(draft, { force: true })
      throw cause
    }
  } catch (cause) {
    throw new EnvironmentError(`The report ${name} could not be written: ${reasonOf(cause)}.`, { cause })
  }
}

async function isDevice(file: string): Promise<boolean> {
  if (file.startsWith('/dev/') || file.startsWith('/proc/')) return true
  const link = await lstat(file).catch(() => undefined)
  if (link === undefined || link.isFile() || link.isDirectory()) return false
  const target = await stat(file).catch(() => undefined)
  return target !== undefined && !target.isFile() && !target.isDirectory()
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of its path is not a folder',
  EROFS: 'the file system is read-only',
}

/** In words, without the absolute path of the draft that Node's own message has. */
function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return reasons[code] ?? (code === '' ? String(cause) : code)
}
