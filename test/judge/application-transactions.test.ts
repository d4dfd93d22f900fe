import { beforeAll, describe, expect, it } from 'vitest'
import { applicationTransactions, checkTransactions } from '../../src/application-transactions.ts'
import { checkShape } from '../../src/config/validate.ts'
import { ConfigError } from '../../src/core/errors.ts'
import type { Migration } from '../../src/core/model.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'

beforeAll(loadParser)

const setup = `
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, note text);
CREATE TABLE shop.payments (id bigint PRIMARY KEY, order_id bigint REFERENCES shop.orders);
CREATE VIEW shop.notes AS SELECT note FROM shop.orders;
CREATE TABLE orders (id bigint PRIMARY KEY);`

function history(text: string): readonly Migration[] {
  const transaction = { mode: 'file', why: 'example' } as const
  const script = { source: 'plain-sql', file: 'setup.sql', version: null, title: 'setup', text, start: 0 }
  return layOutTransactions(
    [parseScript({ ...script, end: text.length, transaction, repeatable: false })],
    false,
  )
}

function locksOf(statements: readonly string[], searchPath?: readonly string[]): readonly string[] {
  const [declared] = applicationTransactions(
    {
      transactions: [{ name: 'checkout', statements: [...statements] }],
      ...(searchPath === undefined ? {} : { queries: { searchPath: [...searchPath] } }),
    },
    { history: history(setup), settings: {}, timeZone: 'UTC' },
  )
  return (declared?.locks ?? []).map(({ relation, mode }) => `${relation.schema}.${relation.name} ${mode}`)
}

describe('transactions of the configuration', () => {
  it('lock what their statements name, what foreign keys look up, and what is behind views', () => {
    expect(locksOf(['INSERT INTO shop.payments VALUES ($1, $2)'])).toEqual([
      'shop.payments RowExclusiveLock',
      'shop.orders RowShareLock',
    ])
    expect(locksOf(['SELECT note FROM shop.notes', 'UPDATE shop.orders SET note = $1'])).toEqual([
      'shop.notes AccessShareLock',
      'shop.orders AccessShareLock',
      'shop.orders RowExclusiveLock',
    ])
  })

  it('look their names up as the application does', () => {
    const update = ['UPDATE orders SET id = id WHERE id = $1']
    expect(locksOf(update)).toEqual(['public.orders RowExclusiveLock'])
    expect(locksOf(update, ['shop'])).toContain('shop.orders RowExclusiveLock')
  })

  it('are refused where they are no SQL, with their place', async () => {
    const transactions = [{ name: 'checkout', statements: ['SELECT 1', 'UPDATE orders SET WHERE'] }]
    const refused = checkTransactions({ transactions })
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(/Statement 2 of the transaction "checkout".*syntax error/)
    await expect(
      checkTransactions({ transactions: [{ name: 'a', statements: ['SELECT $1'] }] }),
    ).resolves.toBe(undefined)
  })

  it('have names of their own, and statements', () => {
    const one = { name: 'checkout', statements: ['SELECT 1'] }
    expect(() => checkShape({ transactions: [one, one] }, 'file')).toThrow(/a name of its own/)
    expect(() => checkShape({ transactions: [{ name: 'a', statements: [] }] }, 'file')).toThrow(
      /at least one/,
    )
  })
})
