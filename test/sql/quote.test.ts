import { expect, test } from 'vitest'
import { objectName, quoteIdent, quoteName } from '../../src/sql/quote.ts'

test.each([
  ['orders', 'orders'],
  ['order_2', 'order_2'],
  ['Orders', '"Orders"'],
  ['order', '"order"'],
  ['user', '"user"'],
  ['between', '"between"'],
  ['2orders', '"2orders"'],
  ['my orders', '"my orders"'],
  ['say "hi"', '"say ""hi"""'],
  ['größe', '"größe"'],
])('quotes %s as %s', (name, quoted) => {
  expect(quoteIdent(name)).toBe(quoted)
})

test('names the schema unless it is public', () => {
  expect(quoteName({ schema: 'public', name: 'user' })).toBe('"user"')
  expect(quoteName({ schema: 'Billing', name: 'invoices' })).toBe('"Billing".invoices')
})

test('cuts names to the 63 bytes that Postgres keeps', () => {
  expect(objectName('orders', 'user_id', 'fkey')).toBe('orders_user_id_fkey')
  const long = objectName('ä'.repeat(40), 'fkey')
  expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(63)
  expect(long).toBe('ä'.repeat(31))
})
