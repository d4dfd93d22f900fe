import type { TransactionMode } from '../../src/core/model.ts'
import type { MigrationScript } from '../../src/core/source.ts'

/** A script as a source would hand it over. */
export function script(
  text: string,
  mode: TransactionMode = 'statement',
  file = 'db/1.sql',
): MigrationScript {
  return {
    source: 'plain-sql',
    file,
    version: '1',
    title: 'test',
    text,
    start: 0,
    end: text.length,
    transaction: { mode, why: 'test' },
    repeatable: false,
  }
}
