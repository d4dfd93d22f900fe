import { describe, expect, it } from 'vitest'
import { markdownText } from '../../src/reporters/markdown-text.ts'
import { objectNames } from '../../src/reporters/object-names.ts'
import { lock, table } from './sample-parts.ts'
import type { CatalogChange, Effect } from '../../src/core/model.ts'

function change(of: CatalogChange): Effect {
  return {
    kind: 'catalog',
    object: { schema: 'public', name: 'orders', kind: 'table' },
    change: of,
    existedBefore: true,
  }
}

describe('the names that sentences about effects hold', () => {
  it('are not words that the sentences themselves use', () => {
    const locks = ['a', 'rows', 'transaction', 'a_rows'].map((name) => lock(table(name), 'ShareLock'))
    expect([...objectNames(locks)]).toEqual(['a_rows'])
  })

  it('are those of relations, without the schema public', () => {
    const locks = [table('orders'), table('invoices', { schema: 'billing' })].map((relation) =>
      lock(relation, 'ShareLock'),
    )
    expect([...objectNames(locks)]).toEqual(['orders', 'billing.invoices'])
  })

  it('are those of the table of an index too', () => {
    const index = table('orders_pkey', { kind: 'index', table: 'public.orders' })
    expect([...objectNames([lock(index, 'ShareLock')])]).toEqual(['orders_pkey', 'orders'])
  })

  it('are those of columns, and both of a rename, but not types', () => {
    expect([
      ...objectNames([change({ type: 'change type', column: 'id', from: 'int4', to: 'int8' })]),
    ]).toEqual(['orders', 'id'])
    expect([...objectNames([change({ type: 'rename', from: 'orders', to: 'sales' })])]).toEqual([
      'orders',
      'sales',
    ])
    const column = { name: 'channel', type: 'text', notNull: false, filled: false }
    expect(objectNames([change({ type: 'add column', column })])).toContain('channel')
  })
})

describe('a sentence with names', () => {
  const names = new Set(['orders', 'id'])

  it('has them in code, however plain they are, and the punctuation around them outside', () => {
    expect(markdownText('Writes to orders, (orders) and "orders" wait: id changes.', names)).toBe(
      'Writes to `orders`, (`orders`) and "`orders`" wait: `id` changes.',
    )
  })

  it('has no other words in code', () => {
    expect(markdownText('reorders Orders idle', names)).toBe('reorders Orders idle')
    expect(markdownText('Writes to orders wait')).toBe('Writes to orders wait')
  })
})

describe('text that comrak would read as more than text', () => {
  it('is no address: www. is a link to it', () => {
    expect(markdownText('see www. or WWW. (www.)')).toBe('see `www`. or `WWW`. (`www`.)')
  })

  it('is no item of a list at the beginning of the line', () => {
    expect(markdownText('12. March')).toBe('`12`. March')
    expect(markdownText('3) or 4)')).toBe('`3`) or 4)')
    expect(markdownText('until 12. March')).toBe('until 12. March')
  })
})
