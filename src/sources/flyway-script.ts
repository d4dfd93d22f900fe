import type { TransactionChoice } from '../core/model.ts'
import type { FileTree, MigrationScript, SkippedFile, SourceOptions, SourceProblem } from '../core/source.ts'
import type { FlywayConfig } from './flyway-config.ts'
import type { FlywayEntry } from './flyway-folder.ts'
import { fillPlaceholders } from './flyway-placeholders.ts'
import { parseProperties } from './flyway-settings.ts'
import { scanFlywayStatements } from './flyway-statements.ts'
import { nameOf } from './paths.ts'
import { puttingBack } from './flyway-session.ts'
import { readText, type ReadText } from './read.ts'

/** A script, a problem, or both: a script that Flyway refuses can still be looked at. */
export interface LoadedScript {
  readonly script?: MigrationScript
  readonly problem?: SourceProblem
  readonly skipped?: SkippedFile
}

/** Reads a script, fills in its placeholders and decides its transaction as ParserSqlScript does. */
export async function loadFlywayScript(
  entry: FlywayEntry,
  config: FlywayConfig,
  files: FileTree,
  options: SourceOptions,
  hasOwnConfig: boolean,
): Promise<LoadedScript> {
  const own = hasOwnConfig ? await readText(files, `${entry.file}.conf`) : undefined
  const scriptConfig =
    own !== undefined && 'text' in own ? parseProperties(own.text) : new Map<string, string>()
  const encoding = scriptConfig.get('encoding') ?? config.encoding
  const read = await readEncoded(files, entry.file, encoding)
  if ('problem' in read) return read
  const shouldExecute = scriptConfig.get('shouldExecute')
  if (shouldExecute === 'false') {
    const reason = `${nameOf(entry.file)}.conf says shouldExecute=false`
    return { skipped: { file: entry.file, reason, affectsOthers: false } }
  }
  const replaces = config.placeholderReplacement && scriptConfig.get('placeholderReplacement') !== 'false'
  const filled = replaces ? fill(read.text, entry, config, options) : { text: read.text, unresolved: [] }
  if (filled.unresolved.length > 0)
    return { problem: unresolvedProblem(entry.file, filled.unresolved, config) }
  const { transaction, problem } = transactionOf(
    entry.file,
    filled.text,
    config,
    scriptConfig.get('executeInTransaction'),
  )
  const isCallback = 'event' in entry
  const after = puttingBack(filled.text, isCallback)
  const text = after === '' ? filled.text : `${filled.text}\n;\n${after}`
  const script: MigrationScript = {
    source: 'flyway',
    file: entry.file,
    version: entry.text,
    title: isCallback ? nameOf(entry.file) : entry.title,
    text,
    start: 0,
    end: text.length,
    transaction: options.transaction ?? (isCallback ? ofCallback(transaction) : transaction),
    repeatable: entry.version === undefined,
  }
  return problem === undefined ? { script } : { script, problem }
}

/** In the encoding that the configuration names; a byte order mark says more than it. */
async function readEncoded(files: FileTree, file: string, encoding: string): Promise<ReadText> {
  if (/^utf-?8$/i.test(encoding)) return readText(files, file)
  const bytes = await files.read(file)
  if (bytes === undefined) return readText(files, file)
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return { text, hasMark: false }
    const message = `${file} holds a NUL character; Postgres cannot read it.`
    return { problem: { code: 'unreadable-file', file, message } }
  } catch {
    const message = `${file} is not in the encoding ${encoding} that Flyway's configuration names.`
    return { problem: { code: 'unreadable-file', file, message } }
  }
}

function fill(
  text: string,
  entry: FlywayEntry,
  config: FlywayConfig,
  options: SourceOptions,
): { readonly text: string; readonly unresolved: readonly string[] } {
  const values = {
    'flyway:defaultSchema': 'public',
    'flyway:table': 'flyway_schema_history',
    'flyway:filename': nameOf(entry.file),
    'flyway:environment': 'default',
    'flyway:workingDirectory': '.',
    // not that of today: the same files are to give the same SQL
    'flyway:timestamp': '2000-01-01 00:00:00',
    ...config.placeholders,
    ...options.placeholders,
  }
  return fillPlaceholders(text, {
    prefix: config.placeholderPrefix,
    suffix: config.placeholderSuffix,
    values,
  })
}

function unresolvedProblem(file: string, names: readonly string[], config: FlywayConfig): SourceProblem {
  const written = names.map((name) => config.placeholderPrefix + name + config.placeholderSuffix).join(', ')
  const message = `${file} uses ${written}, for which no value is known; give one under placeholders in the configuration.`
  return { code: 'unresolved-placeholder', file, message }
}

function transactionOf(
  file: string,
  text: string,
  config: FlywayConfig,
  own: string | undefined,
): { readonly transaction: TransactionChoice; readonly problem?: SourceProblem } {
  if (own !== undefined) {
    const mode = own === 'true' ? inTransaction(config) : 'statement'
    const why = `${nameOf(file)}.conf says executeInTransaction=${own === 'true'}`
    return { transaction: { mode, why }, ...waitsForItself(file, text, config) }
  }
  if (!config.executeInTransaction) {
    return { transaction: { mode: 'statement', why: `${config.file} says executeInTransaction=false` } }
  }
  const { nonTransactional, hasTransactional } = scanFlywayStatements(text)
  if (nonTransactional === undefined) {
    const why = config.group ? `${config.file} says group=true` : 'Flyway default'
    return { transaction: { mode: inTransaction(config), why } }
  }
  const { words, line } = nonTransactional
  const why = `Flyway runs a script with ${words} (line ${line}) outside a transaction`
  if (!hasTransactional || config.mixed)
    return { transaction: { mode: 'statement', why }, ...waitsForItself(file, text, config) }
  const message =
    `Flyway refuses ${file}: ${words} in line ${line} cannot run in a transaction, other statements of the file ` +
    'need one; move it to a migration of its own, or set mixed.'
  return { transaction: { mode: 'statement', why }, problem: { code: 'refused-by-tool', file, message } }
}

/**
 * Flyway 9.1 and later hold their own lock in a transaction of a second connection, for whose snapshot CREATE INDEX
 * CONCURRENTLY waits: for ever, as tried with 11.8. Said where a configuration can be seen that does not prevent it.
 */
function waitsForItself(
  file: string,
  text: string,
  config: FlywayConfig,
): { readonly problem?: SourceProblem } {
  const { words, line } = scanFlywayStatements(text).nonTransactional ?? { words: '', line: 0 }
  if (!config.locksInTransaction || config.file === undefined || !/^CREATE.* CONCURRENTLY$/.test(words))
    return {}
  const message =
    `Flyway waits for ever in ${file}: ${words} in line ${line} waits for the transaction in which Flyway holds its ` +
    'own lock, unless postgresql.transactional.lock is switched off where we cannot see it.'
  const remedy = `Set flyway.postgresql.transactional.lock=false in ${config.file}.`
  return { problem: { code: 'refused-by-tool', file, message, severity: 'warning', remedy } }
}

/** Callbacks of the run are no part of a group. */
function ofCallback({ mode, why }: TransactionChoice): TransactionChoice {
  return { mode: mode === 'run' ? 'file' : mode, why }
}

function inTransaction(config: FlywayConfig): 'file' | 'run' {
  return config.group ? 'run' : 'file'
}
