import { describe, expect, it } from 'vitest'
import {
  chooseName,
  creationSchema,
  defaultObjectName,
  isCatalogName,
  nameFromWords,
  parseSearchPath,
  splitIdentifierList,
} from '../../src/sql/names.ts'

describe('search path', () => {
  it('leaves out $user, pg_catalog and the empty name', () => {
    expect(parseSearchPath(['$user', 'app', 'pg_catalog', '', 'public'])).toEqual(['app', 'public'])
  })

  it('reads the text form of a list, with quotes, case and commas inside quotes', () => {
    expect(splitIdentifierList('"$user", App,"My ""own"", schema"')).toEqual([
      '$user',
      'app',
      'My "own", schema',
    ])
    expect(splitIdentifierList('')).toEqual([])
  })

  it('creates in the first schema of the path, in public when the path is empty', () => {
    expect(creationSchema(['app', 'public'])).toBe('app')
    expect(creationSchema([])).toBe('public')
  })
})

describe('names', () => {
  it('drops the database from a name of three words', () => {
    expect(nameFromWords(['shop', 'sales', 'orders'])).toEqual({ schema: 'sales', name: 'orders' })
    expect(nameFromWords(['orders'])).toEqual({ schema: undefined, name: 'orders' })
  })

  it('knows the catalogs, qualified or by their prefix', () => {
    expect(isCatalogName({ schema: undefined, name: 'pg_class' })).toBe(true)
    expect(isCatalogName({ schema: 'information_schema', name: 'columns' })).toBe(true)
    expect(isCatalogName({ schema: 'app', name: 'pg_class' })).toBe(false)
  })
})

describe('names that Postgres chooses', () => {
  it('joins table, column and label', () => {
    expect(defaultObjectName('orders', 'user_id', 'fkey')).toBe('orders_user_id_fkey')
    expect(defaultObjectName('orders', undefined, 'pkey')).toBe('orders_pkey')
  })

  it('shortens the longer of table and column until all fit into 63 bytes, as PostgreSQL 18.4 did', () => {
    const table = 'a_table_whose_name_is_rather_long_for_a_table'
    expect(defaultObjectName(table, 'a_column_with_a_long_name', 'fkey')).toBe(
      'a_table_whose_name_is_rather_lon_a_column_with_a_long_name_fkey',
    )
    expect(defaultObjectName(table, 'x'.repeat(50), 'check')).toBe(
      'a_table_whose_name_is_rather_xxxxxxxxxxxxxxxxxxxxxxxxxxxx_check',
    )
    expect(defaultObjectName('ü'.repeat(30), 'ä', 'check')).toBe(`${'ü'.repeat(27)}_ä_check`)
    expect(defaultObjectName('ü'.repeat(30), 'id', 'key')).toBe(`${'ü'.repeat(28)}_id_key`)
  })

  it('counts up until the name is free', () => {
    const taken = new Set(['users_email_key', 'users_email_key1'])
    expect(chooseName('users', 'email', 'key', (name) => taken.has(name))).toBe('users_email_key2')
  })
})
