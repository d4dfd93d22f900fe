import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { MigrationSet } from '../../src/core/source.ts'
import { WorkingTree } from '../../src/review/working-tree.ts'
import { findSource, sources } from '../../src/sources/index.ts'

async function loadFixture(name: string): Promise<MigrationSet> {
  const tree = new WorkingTree(fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url)), undefined)
  const roots = (await Promise.all(sources.map((source) => source.detect(tree)))).flat()
  expect(roots).toHaveLength(1)
  const [root] = roots
  const source = findSource(root?.source ?? '')
  if (root === undefined || source === undefined) throw new Error('no root')
  return source.load(root, tree, {})
}

const summary = ({ scripts }: MigrationSet): readonly string[] =>
  scripts.map(
    ({ file, version, transaction }) => `${version ?? 'R'} ${file.split('/').at(-1)} [${transaction.mode}]`,
  )

test('the Flyway fixture is one root in the order of its versions', async () => {
  const set = await loadFixture('flyway-bookshop')
  expect(summary(set)).toEqual([
    '1 V1__create_catalogue.sql [file]',
    '1.1 V1_1__index_books_by_author.sql [file]',
    '2 V2__create_orders.sql [file]',
    '3 V3__grant_reporting.sql [file]',
    '10 V10__index_lines_by_book.sql [statement]',
    '11 V11__refresh_statistics.sql [statement]',
    'R R__book_sales.sql [file]',
  ])
  expect(set.problems).toEqual([])
  expect(set.scripts[3]?.text).toContain("rolname = 'bookshop_reporting'")
  expect(set.skipped?.map(({ reason }) => reason)).toEqual(['undo migrations run only on a rollback'])
})

test('the golang-migrate fixture is one root in the order of its versions', async () => {
  const set = await loadFixture('golang-migrate-ledger')
  expect(summary(set)).toEqual([
    '1 000001_create_accounts.up.sql [simple query]',
    '2 000002_create_entries.up.sql [simple query]',
    '3 000003_create_currencies.up.sql [simple query]',
    '9 000009_add_entry_currency.up.sql [simple query]',
    '10 000010_validate_entry_currency.up.sql [simple query]',
    '11 000011_index_entries_by_day.up.sql [simple query]',
  ])
  expect(set.problems).toEqual([])
})

test('the plain SQL fixture is one root in the order of its numbers', async () => {
  const set = await loadFixture('plain-sql-notes')
  expect(summary(set)).toEqual([
    '1 001_create_users.sql [statement]',
    '2 002_create_notes.sql [statement]',
    '3 003_create_tags.sql [statement]',
    '9 009_load_welcome_user.sql [statement]',
    '10 010_index_notes_by_time.sql [statement]',
    '11 011_limit_note_length.sql [statement]',
  ])
  expect(set.problems).toEqual([])
})

test('a source is found by its id, and only by its id', () => {
  expect(findSource('flyway')?.title).toBe('Flyway')
  expect(findSource('Flyway')).toBeUndefined()
})
