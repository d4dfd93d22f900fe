import type { TransactionChoice } from '../core/model.ts'
import type { FileTree, MigrationScript, SourceOptions, SourceProblem } from '../core/source.ts'
import type { FlywayConfig } from './flyway-config.ts'
import type { FlywayEntry } from './flyway-folder.ts'
import { fillPlaceholders } from './flyway-placeholders.ts'
import { parseProperties } from './flyway-settings.ts'
import { scanFlywayStatements } from './flyway-statements.ts'
import { nameOf } from './paths.ts'
import { readText } from './read.ts'

/** A script, a problem, or both: a script that Flyway refuses can still be looked at. */
export interface LoadedScript {
  readonly script?: MigrationScript
  readonly problem?: SourceProblem
}

/** Reads a script, fills in its placeholders and decides its transaction as ParserSqlScript does. */
export async function loadFlywayScript(
  entry: FlywayEntry,
  config: FlywayConfig,
  files: FileTree,
  options: SourceOptions,
  hasOwnConfig: boolean,
): Promise<LoadedScript> {
  const [read, own] = await Promise.all([
    readText(files, entry.file),
    hasOwnConfig ? readText(files, `${entry.file}.conf`) : undefined,
  ])
  if ('problem' in read) return read
  const scriptConfig =
    own !== undefined && 'text' in own ? parseProperties(own.text) : new Map<string, string>()
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
  const script: MigrationScript = {
    source: 'flyway',
    file: entry.file,
    version: entry.text,
    title: entry.title,
    text: filled.text,
    start: 0,
    end: filled.text.length,
    transaction: options.transaction ?? transaction,
    repeatable: entry.version === undefined,
  }
  return problem === undefined ? { script } : { script, problem }
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
    return { transaction: { mode, why: `${nameOf(file)}.conf says executeInTransaction=${own === 'true'}` } }
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
  if (!hasTransactional || config.mixed) return { transaction: { mode: 'statement', why } }
  const message =
    `Flyway refuses ${file}: ${words} in line ${line} cannot run in a transaction, other statements of the file ` +
    'need one; move it to a migration of its own, or set mixed.'
  return { transaction: { mode: 'statement', why }, problem: { code: 'refused-by-tool', file, message } }
}

function inTransaction(config: FlywayConfig): 'file' | 'run' {
  return config.group ? 'run' : 'file'
}
