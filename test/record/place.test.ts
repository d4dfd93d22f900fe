import { beforeAll, describe, expect, it } from 'vitest'
import { allowsAbove, Places } from '../../src/record/place.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'

beforeAll(loadParser)

/** The text at the place of each statement. */
function placesOf(path: string, text: string, sqls: readonly string[]): readonly string[] {
  const places = new Places({ path, text })
  return sqls.map((sql) => {
    const { start, end } = places.place({ sql, node: parseStatement(sql).node })
    return text.slice(start.offset, end.offset)
  })
}

describe('Places', () => {
  it('finds a statement of a file of SQL word for word, whatever its white space, the second one as well', () => {
    const text = '-- first\nALTER TABLE a\n  ADD COLUMN x int;\n\nALTER TABLE a ADD COLUMN x int;\n'
    expect(
      placesOf('a.sql', text, ['ALTER TABLE a ADD COLUMN x int', 'ALTER TABLE a ADD COLUMN x int']),
    ).toEqual(['ALTER TABLE a\n  ADD COLUMN x int', 'ALTER TABLE a ADD COLUMN x int'])
  })

  it('finds the line of a Rails migration that names the column', () => {
    const text = [
      'class AddThings < ActiveRecord::Migration[7.1]',
      '  def change',
      '    add_column :orders, :note, :text',
      '    add_index :orders, :customer_id, name: "ix_orders_customer"',
      '  end',
      'end',
    ].join('\n')
    expect(
      placesOf('a.rb', text, [
        'ALTER TABLE "orders" ADD "note" text',
        'CREATE INDEX "ix_orders_customer" ON "orders" ("customer_id")',
        'SET lock_timeout = 100',
      ]),
    ).toEqual([
      'add_column :orders, :note, :text',
      'add_index :orders, :customer_id, name: "ix_orders_customer"',
      'def change',
    ])
  })

  it('does not look into the way down', () => {
    const text = [
      'exports.up = (knex) =>',
      "  knex.schema.alterTable('orders', (t) => { t.text('note') })",
      'exports.down = (knex) =>',
      "  knex.schema.alterTable('orders', (t) => { t.dropColumn('note'); /* orders note note */ })",
    ].join('\n')
    expect(placesOf('a.js', text, ['alter table "orders" add column "note" text'])).toEqual([
      "knex.schema.alterTable('orders', (t) => { t.text('note') })",
    ])
  })

  it('finds models of Django by their names', () => {
    const text = [
      'class Migration(migrations.Migration):',
      "    dependencies = [('shop', '0001_initial')]",
      '    operations = [',
      '        migrations.AddField(',
      "            model_name='order',",
      "            name='note',",
      '        ),',
      '    ]',
    ].join('\n')
    expect(
      placesOf('shop/migrations/0002_note.py', text, ['ALTER TABLE "shop_order" ADD COLUMN "note" text']),
    ).toEqual(["name='note',"])
  })
})

describe('allowsAbove', () => {
  it('reads comments of the language directly above', () => {
    const text = [
      '# pgrehearse-allow require-concurrent-index: small table',
      '',
      '# pgrehearse-allow adding-a-field: nobody reads it',
      '# and another word',
      'add_column :orders, :note',
    ].join('\n')
    const places = new Places({ path: 'a.rb', text })
    const sql = 'alter table orders add column note text'
    const span = places.place({ sql, node: parseStatement(sql).node })
    expect(allowsAbove({ path: 'a.rb', text }, span)).toEqual([
      '-- pgrehearse-allow adding-a-field: nobody reads it',
    ])
  })
})
