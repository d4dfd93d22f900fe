import type { TransactionChoice } from '../core/model.ts'
import type { MigrationScript, SourceOptions, WayDown } from '../core/source.ts'
import type { LiquibaseChangeset, LiquibaseRollback } from './liquibase-formatted.ts'
import { splitLiquibase } from './liquibase-split.ts'

/** What a changeset is run from. */
export interface ChangesetText {
  readonly file: string
  /** The changelog that names the changeset, or its logicalFilePath: part of what Liquibase knows it by. */
  readonly owner: string
  readonly text: string
  /** Where its rollback stands, where that is another file. */
  readonly changelog?: string
}

/** A changeset as Liquibase runs it: `id` is what it tells changesets apart by. */
export function changesetScript(
  changeset: LiquibaseChangeset,
  from: ChangesetText,
  options: SourceOptions,
): MigrationScript {
  const { file, owner, text } = from
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
    ...(changeset.rollback === undefined
      ? {}
      : { down: wayDownOf(changeset, changeset.rollback, from, options) }),
  }
}

/** ChangeSet.rollback runs it in the same kind of transaction. */
function wayDownOf(
  changeset: LiquibaseChangeset,
  { text, start, end, ...splitting }: LiquibaseRollback,
  { file, changelog = file }: ChangesetText,
  options: SourceOptions,
): WayDown {
  const parts = changeset.runWith === undefined ? splitLiquibase(text, start, end, splitting) : undefined
  const { endDelimiter: _of, ...rest } = changeset
  return {
    ...{ file: changelog, text, start, end },
    ...(parts === undefined ? {} : { parts }),
    transaction: options.transaction ?? transactionOf({ ...rest, ...splitting }),
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
