import { beforeAll, describe, expect, it } from 'vitest'
import { namesOf, writtenIn } from '../../src/record/file-names.ts'
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

  it.each([
    ['-- Up Migration\nDROP VIEW v;\n-- Down Migration\nDROP VIEW v;\n', 4],
    ['-- +migrate Up\nDROP VIEW v;\n-- +migrate Down\nDROP VIEW v;\n', 4],
    // a way down of two lines
    ['--changeset ada:1\nDROP VIEW v;\n--rollback SELECT 1;\n--rollback DROP\n--rollback  VIEW v;\n', 4],
  ])('finds the way down in its own section of a file of SQL', (text, line) => {
    const { start } = new Places({ path: 'a.sql', text }, 'down').place({
      sql: 'DROP VIEW v',
      node: undefined,
    })
    expect(start.line).toBe(line)
  })

  it('goes into the functions that the way up calls, wherever they stand, and not into those of the way down', () => {
    const text = [
      'def _index_users():',
      '    op.create_index("ix_users", "users", ["name"])',
      '',
      'def upgrade():',
      '    _alter("users")',
      '',
      'def downgrade():',
      '    _back("users")',
      '',
      'def _back(table):',
      '    op.drop_column(table, "name")',
      '    op.add_column(table, "age")',
      '',
      'def _alter(table):',
      '    op.add_column(table, "name")',
      '    _index_users()',
    ].join('\n')
    const sqls = ['ALTER TABLE users ADD COLUMN name text', 'CREATE INDEX ix_users ON users (name)']
    expect(placesOf('a.py', text, sqls)).toEqual([
      'op.add_column(table, "name")',
      'op.create_index("ix_users", "users", ["name"])',
    ])
    const { start } = new Places({ path: 'a.py', text }, 'down').place({
      sql: 'ALTER TABLE users DROP COLUMN name',
      node: parseStatement('ALTER TABLE users DROP COLUMN name').node,
    })
    expect(start.line).toBe(11)
  })

  it('does not take a block about another table, nor a table that queries are written with', () => {
    const text = [
      'def _fill():',
      '    things = table(',
      '        "things",',
      '        column("kind"),',
      '    )',
      '    op.execute(things.update())',
      'def upgrade():',
      '    _fill()',
      '    with op.batch_alter_table("others") as batch_op:',
      '        batch_op.alter_column("kind", nullable=False)',
      '    for name in ("things", "more"):',
      '        with op.batch_alter_table(name) as batch_op:',
      '            batch_op.alter_column("kind", nullable=False, type_=sa.Text())',
    ].join('\n')
    const alter = (table: string): string => `ALTER TABLE ${table} ALTER COLUMN kind SET NOT NULL`
    expect(placesOf('a.py', text, [alter('things'), alter('others'), alter('more')])).toEqual([
      'batch_op.alter_column("kind", nullable=False, type_=sa.Text())',
      'batch_op.alter_column("kind", nullable=False)',
      'batch_op.alter_column("kind", nullable=False, type_=sa.Text())',
    ])
  })

  it('finds a statement in strings of several lines', () => {
    const python =
      'forwards = (\n    "CREATE INDEX ix "\n    "ON users (name);"\n)\noperations = [\n    run(forwards)\n]'
    const javascript =
      "const sql = 'CREATE INDEX ix ' +\n  'ON users (name)'\nexport const up = () => run(sql)"
    for (const text of [python, javascript])
      expect(placesOf('a.py', text, ['CREATE INDEX ix ON users (name)'])[0]).toMatch(
        /^CREATE INDEX ix .*\n.*ON users \(name\)$/,
      )
  })

  it('knows which function of RunPython goes up', () => {
    const text = [
      'def remove(apps, schema_editor):',
      '    Page.objects.filter(slug="home").delete()',
      '',
      'def create(apps, schema_editor):',
      '    Page.objects.filter(id=2).delete()',
      '',
      'class Migration(migrations.Migration):',
      '    operations = [',
      '        migrations.RunPython(create, remove),',
      '    ]',
    ].join('\n')
    expect(placesOf('shop/migrations/0002_page.py', text, ['DELETE FROM page WHERE slug = 1'])).toEqual([
      'Page.objects.filter(id=2).delete()',
    ])
  })

  it('takes words that have names for what they are, and a chain of calls for one', () => {
    const text = [
      "const HOOKS = 'hooks'",
      "const FLOW = 'migrated_flow'",
      'export async function up(knex) {',
      '  await knex.schema.alterTable(HOOKS, (table) => {',
      "    table.string('kind')",
      '    table.uuid(FLOW)',
      '  })',
      '  const hooks = await knex.select().from(HOOKS)',
      '  await knex(HOOKS)',
      '    .update({ kind: 1 })',
      "    .where({ status: 'active' })",
      "  await knex(HOOKS).update({ kind: 'a' }).where({ kind: 'b' })",
      "  if (isMysql) await knex.raw('ALTER TABLE `hooks` CHANGE `kind` `sort` text')",
      '  else await knex.schema.alterTable(HOOKS, (table) => {',
      "    table.renameColumn('kind', 'sort')",
      '  })',
      '  await knex(HOOKS).del()',
      '}',
    ].join('\n')
    expect(
      placesOf('a.js', text, [
        'alter table "hooks" add column "kind" varchar(255)',
        'alter table "hooks" add column "migrated_flow" uuid',
        `update "hooks" set "kind" = '1' where "status" = 'active'`,
        'alter table "hooks" rename "kind" to "sort"',
        'delete from "hooks"',
      ]),
    ).toEqual([
      "table.string('kind')",
      'table.uuid(FLOW)',
      "await knex(HOOKS)\n    .update({ kind: 1 })\n    .where({ status: 'active' })",
      "table.renameColumn('kind', 'sort')",
      'await knex(HOOKS).del()',
    ])
  })

  it('takes an element of XML for one, with its attributes and its columns', () => {
    const text = [
      '<databaseChangeLog>',
      '  <changeSet author="ada" id="1">',
      '    <addColumn tableName="ORG">',
      '      <!-- ALIAS of ORG, at most 255 -->',
      '      <column name="ALIAS" type="VARCHAR(255)"/>',
      '    </addColumn>',
      '    <update tableName="ORG">',
      '      <column name="ALIAS" valueComputed="NAME"/>',
      '    </update>',
      '    <createIndex tableName="ORG"',
      '                 indexName="ORG_ALIASES">',
      '      <column name="ALIAS"/>',
      '    </createIndex>',
      '    <createIndex tableName="ORG" indexName="ORG_ALIASES_LOWER">',
      '      <column name="LOWER(ALIAS)" computed="true"/>',
      '    </createIndex>',
      '  </changeSet>',
      '</databaseChangeLog>',
    ].join('\n')
    const places = placesOf('org.xml', text, [
      'ALTER TABLE public.ORG ADD ALIAS VARCHAR(255)',
      'UPDATE public.ORG SET ALIAS = NAME',
      'CREATE INDEX ORG_ALIASES ON public.ORG(ALIAS)',
      'CREATE INDEX ORG_ALIASES_LOWER ON public.ORG(LOWER(ALIAS))',
    ])
    expect(places.map((place) => place.split('\n')[0])).toEqual([
      '<addColumn tableName="ORG">',
      '<update tableName="ORG">',
      '<createIndex tableName="ORG"',
      '<createIndex tableName="ORG" indexName="ORG_ALIASES_LOWER">',
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
    ).toEqual([text.slice(text.indexOf('migrations.AddField'), text.indexOf('),') + 2)])
  })

  it('takes a call of several lines as one, whichever of them names most', () => {
    const text = [
      'class Migration(migrations.Migration):',
      '    operations = [',
      '        migrations.AddField(',
      '            "account",',
      '            "guarantor",',
      '            models.ForeignKey(',
      '                to="people.person",',
      '            ),',
      '        ),',
      '        migrations.AddField("entry", "currency", models.CharField(max_length=3)),',
      '        migrations.AlterField("account", "status", models.CharField(max_length=40)),',
      `        migrations.RunSQL("UPDATE billing_entry SET currency = 'EUR'"),`,
      '    ]',
    ].join('\n')
    const places = placesOf('billing/migrations/0002_guarantor.py', text, [
      'ALTER TABLE "billing_account" ADD COLUMN "guarantor_id" bigint CONSTRAINT "billing_account_guarantor_id_fk" REFERENCES "people_person"("id")',
      'ALTER TABLE "billing_entry" ADD COLUMN "currency" varchar(3)',
      'ALTER TABLE "billing_account" ALTER COLUMN "status" TYPE varchar(40)',
      "UPDATE billing_entry SET currency = 'EUR'",
      'CREATE INDEX "billing_account_guarantor_id_9fbf" ON "billing_account" ("guarantor_id")',
    ])
    expect(places.map((place) => place.split('\n')[0])).toEqual([
      'migrations.AddField(',
      'migrations.AddField("entry", "currency", models.CharField(max_length=3)),',
      'migrations.AlterField("account", "status", models.CharField(max_length=40)),',
      "UPDATE billing_entry SET currency = 'EUR'",
      'migrations.AddField(',
    ])
  })

  it('finds what fills a table in the function that does, and the cursor it reads from', () => {
    const text = [
      'from people.models import Person',
      'def fill(apps, schema_editor):',
      '    for person in apps.get_model("people", "Person").objects.iterator():',
      '        person.save(update_fields=["nick"])',
      'class Migration(migrations.Migration):',
      '    operations = [',
      '        migrations.AddField("person", "nick", models.CharField(default="")),',
      '        migrations.RunPython(fill),',
      '    ]',
    ].join('\n')
    expect(
      placesOf('people/migrations/0002_nick.py', text, [
        `ALTER TABLE "people_person" ADD COLUMN "nick" varchar(80) DEFAULT '' NOT NULL`,
        'DECLARE "c" CURSOR FOR SELECT "people_person"."id" FROM "people_person"',
        'FETCH FORWARD 2 FROM "c"',
        `UPDATE "people_person" SET "nick" = 'a' WHERE "people_person"."id" = 1`,
      ]),
    ).toEqual([
      'migrations.AddField("person", "nick", models.CharField(default="")),',
      'for person in apps.get_model("people", "Person").objects.iterator():',
      'for person in apps.get_model("people", "Person").objects.iterator():',
      'person.save(update_fields=["nick"])',
    ])
  })

  it('finds a new table where it is made, and columns of one name in the block of their table', () => {
    const text = [
      'class AddThings < ActiveRecord::Migration[7.1]',
      '  def change',
      '    create_table :invoices do |t|',
      '      t.string :number, null: false',
      '    end',
      '    change_table :orders do |t|',
      '      t.string :number, :note',
      '    end',
      '  end',
      'end',
    ].join('\n')
    expect(
      placesOf('a.rb', text, [
        'CREATE TABLE "invoices" ("id" bigserial primary key, "number" varchar NOT NULL)',
        'ALTER TABLE "orders" ADD "number" varchar',
      ]),
    ).toEqual(['create_table :invoices do |t|', 't.string :number, :note'])
  })
})

describe('hostile files', () => {
  const blank = ' '.repeat(50_000)
  const empty = '\n'.repeat(50_000)

  // a pattern that tries each beginning of a run of blanks takes minutes for them
  it.each([
    `select '${empty}x`,
    `const select${blank}x`,
    `const select = 'a'${blank}x`,
    `revision: ${blank}x`,
    `down_revision: ${blank}x`,
  ])(
    'are read in no time: %#',
    (text) => {
      const path = 'db/1_a.py'
      expect(placesOf(path, text, ['select x'])).toHaveLength(1)
      expect(namesOf({ path, text }).sure).toContain('1_a')
      expect(writtenIn(text, 'down_revision')).toBeUndefined()
    },
    20_000,
  )
})

describe('allowsAbove', () => {
  it('reads what stands above the call whose string the statement is', () => {
    const text = [
      'def upgrade():',
      '    # pgrehearse-allow require-concurrent-index: small table',
      '    op.execute(',
      '        """',
      '        CREATE INDEX i ON a (b)',
      '        """',
      '    )',
    ].join('\n')
    const places = new Places({ path: 'a.py', text })
    const span = places.place({ sql: 'CREATE INDEX i ON a (b)', node: undefined })
    expect(allowsAbove({ path: 'a.py', text }, span)).toEqual([
      '-- pgrehearse-allow require-concurrent-index: small table',
    ])
  })

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
