import { describe, expect, it } from 'vitest'
import { parseBytes, parseRate, parseTableSize } from '../../src/config/quantity.ts'
import { parseTableName } from '../../src/config/table-name.ts'

const gigabyte = 1024 ** 3

describe('the size of a table', () => {
  it.each([
    ['48_000_000 rows, 31 GB', { rows: 48_000_000, bytes: 31 * gigabyte }],
    ['31 GB, 48_000_000 rows', { rows: 48_000_000, bytes: 31 * gigabyte }],
    ['48,000,000 rows,31GB', { rows: 48_000_000, bytes: 31 * gigabyte }],
    ['48M rows', { rows: 48_000_000 }],
    ['48Mrows', { rows: 48_000_000 }],
    ['48 million rows, 1.5 TB', { rows: 48_000_000, bytes: 1.5 * 1024 * gigabyte }],
    ['1.25 billion rows, 2 TiB', { rows: 1_250_000_000, bytes: 2048 * gigabyte }],
    ['168 rows', { rows: 168 }],
    ['1 row, 8192 bytes', { rows: 1, bytes: 8192 }],
    ['3 GB,480 rows', { rows: 480, bytes: 3 * gigabyte }],
    ['0 rows', { rows: 0 }],
  ])('reads %j', (text, size) => {
    expect(parseTableSize(text)).toEqual(size)
  })

  it.each([
    ['', 'Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not an empty text'],
    ['48M', 'Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "48M"'],
    ['-3 rows', 'Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "-3 rows"'],
    ['3 rows, 1,5 GB', 'Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "1,5 GB"'],
    ['3 rows, 5 PB', 'Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "5 PB"'],
    [
      '3 constructor rows',
      'Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "3 constructor rows"',
    ],
    ['9e9 rows', 'Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "9e9 rows"'],
    ['3 rows, 4 rows', '"3 rows, 4 rows" says it twice'],
    ['31 GB', 'Expected the number of rows too, for example "48M rows, 31 GB"'],
  ])('says what is wrong with %j', (text, message) => {
    expect(parseTableSize(text)).toBe(message)
  })
})

it.each([
  ['60 MB/s', 60 * 1024 ** 2],
  ['1.5GiB / s', 1.5 * gigabyte],
  ['60 MB', undefined],
  ['fast', undefined],
])('reads %j as a rate of %s', (text, rate) => {
  expect(parseRate(text)).toBe(rate)
})

it('does not take a number that no database has', () => {
  expect(parseBytes('999999999999999 TB')).toBeUndefined()
})

describe('the name of a table', () => {
  it.each([
    ['users', { schema: 'public', name: 'users' }],
    ['Billing.Invoices', { schema: 'billing', name: 'invoices' }],
    ['billing."Invoice.2024"', { schema: 'billing', name: 'Invoice.2024' }],
    ['"a""b".c', { schema: 'a"b', name: 'c' }],
    ['größe', { schema: 'public', name: 'größe' }],
  ])('reads %j as SQL does', (text, name) => {
    expect(parseTableName(text)).toEqual(name)
  })

  it.each(['', 'a.b.c', 'a b', '"a', '.a', 'a;b', '""'])('does not take %j for a name', (text) => {
    expect(parseTableName(text)).toBeUndefined()
  })
})
