import type { TransactionChoice } from '../core/model.ts'
import type { MigrationScript, SourceOptions } from '../core/source.ts'
import type { LiquibaseChangeset } from './liquibase-formatted.ts'
import { splitLiquibase } from './liquibase-split.ts'

/** What a changeset is run from. */
export interface ChangesetText {
  readonly file: string
  /** The changelog that names the changeset, or its logicalFilePath: part of what Liquibase knows it by. */
  readonly owner: string
  readonly text: string
}

/** A changeset as Liquibase runs it: `id` is what it tells changesets apart by. */
export function changesetScript(
  changeset: LiquibaseChangeset,
  { file, owner, text }: ChangesetText,
  options: SourceOptions,
): MigrationScript {
  const { author, id, start, end, runWith } = changeset
  const parts = runWith === undefined ? splitLiquibase(text, start, end, changeset) : undefined
  return {
    source: 'liquibase',
    file,
    id: `${owner}::${author}:${id}`,
    version: null,
    title: `${author}:${id}`,
    text,
    start,
    end,
    ...(parts === undefined ? {} : { parts }),
    transaction: options.transaction ?? transactionOf(changeset),
    repeatable: changeset.repeats,
  }
}

/** A file that is no formatted SQL: one changeset `includeAll:raw`, sent whole (SqlChangeLogParser.java). */
export function rawScript(file: string, text: string, options: SourceOptions): MigrationScript {
  return {
    source: 'liquibase',
    file,
    id: `${file}::includeAll:raw`,
    version: null,
    title: 'includeAll:raw',
    text,
    start: 0,
    end: text.length,
    transaction: options.transaction ?? { mode: 'file', why: 'Liquibase default' },
    repeatable: false,
  }
}

/**
 * Without a transaction Liquibase sends each piece with autocommit on; the driver makes one implicit transaction of
 * the statements in a piece, as a simple Query does.
 */
function transactionOf(changeset: LiquibaseChangeset): TransactionChoice {
  const { runWith, runInTransaction, splitStatements, endDelimiter } = changeset
  if (runWith !== undefined) return { mode: 'statement', why: `changeset says runWith:${runWith}` }
  if (runInTransaction) return { mode: 'file', why: 'Liquibase default' }
  const isOneByOne = splitStatements && endDelimiter === undefined
  return { mode: isOneByOne ? 'statement' : 'simple query', why: 'changeset says runInTransaction:false' }
}
