import type { Config } from './config/schema.ts'
import { existingTableLocks } from './core/effects.ts'
import { ConfigError } from './core/errors.ts'
import type { Migration } from './core/model.ts'
import { predictRun } from './predict/index.ts'
import type { ApplicationTransaction } from './rule.ts'
import { loadParser, parseScript, type ParsedScript } from './sql/parse.ts'
import { quoteIdent } from './sql/quote.ts'
import { layOutTransactions } from './sql/transactions.ts'

/** What prediction has to know besides the statements. */
interface Surroundings {
  /** What stands before the migrations under review. */
  readonly history: readonly Migration[]
  readonly settings: Readonly<Record<string, string>>
  readonly timeZone: string
}

/**
 * Is the SQL of the configuration's `transactions` SQL?
 * @throws {ConfigError} naming the transaction and the statement that is not
 */
export async function checkTransactions({ transactions = [] }: Pick<Config, 'transactions'>): Promise<void> {
  if (transactions.length === 0) return
  await loadParser()
  for (const { name, statements } of transactions) {
    for (const [index, sql] of statements.entries()) {
      const wrong = parseScript(scriptOf(name, sql)).statements.find(({ tag }) => tag === 'Unparsed')
      if (wrong === undefined) continue
      throw new ConfigError(
        `Statement ${index + 1} of the transaction ${JSON.stringify(name)} in the configuration is no SQL that our parser understands: ${wrong.parseError ?? 'syntax error'}.`,
        { hint: 'Write it under `transactions` as Postgres takes it, with parameters as $1, $2, …' },
      )
    }
  }
}

/**
 * What the transactions of the configuration lock, in their order, on the schema before the migrations under review.
 * The parser must have been loaded.
 */
export function applicationTransactions(
  { transactions = [], queries }: Pick<Config, 'transactions' | 'queries'>,
  { history, settings, timeZone }: Surroundings,
): readonly ApplicationTransaction[] {
  if (transactions.length === 0) return []
  const scripts = transactions.map(({ name, statements }) => scriptOf(name, statements.join(';\n')))
  const path = queries === undefined || queries === false ? undefined : queries.searchPath
  const predictions = predictRun({
    history,
    review: layOutTransactions(scripts.map(parseScript), false),
    timeZone,
    settings: path === undefined ? settings : { ...settings, search_path: path.map(quoteIdent).join(', ') },
  })
  return transactions.map(({ name }, index) => ({
    name,
    locks: (predictions[index] ?? [])
      .flatMap(({ effects }) => existingTableLocks(effects))
      .map(({ relation, mode }) => ({ relation, mode })),
  }))
}

function scriptOf(name: string, text: string): ParsedScript['script'] {
  return {
    source: '',
    file: name,
    version: null,
    title: name,
    text,
    start: 0,
    end: text.length,
    transaction: { mode: 'file', why: 'configuration' },
    repeatable: false,
  }
}
