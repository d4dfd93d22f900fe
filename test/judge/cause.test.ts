import { beforeAll, describe, expect, it } from 'vitest'
import { causeFinder } from '../../src/judge/cause.ts'
import { predictRun } from '../../src/predict/index.ts'
import type { ChangedObject, RunStatement } from '../../src/rule.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from '../sql/scripts.ts'

beforeAll(loadParser)

/** The statement's line in `sql` that made the object so; 0 for none. */
function causeIn(sql: string, object: Partial<ChangedObject>, withEffects = true): number {
  const review = layOutTransactions([parseScript(script(sql, 'file'))], false)
  const [predictions = []] = predictRun({ history: [], review, timeZone: 'UTC' })
  const statements = (review[0]?.statements ?? []).map((statement, at) => ({
    statement,
    effects: withEffects ? (predictions[at]?.effects ?? []) : [],
  })) as unknown as readonly RunStatement[]
  const found = causeFinder(statements)({ kind: 'table', schema: 'public', name: 'orders', ...object })
  return found?.statement.span.start.line ?? 0
}

const table = 'public.orders'
const foreignKey = { columns: ['a'], references: 'public.a' }

describe('the statement that made an object what it is', () => {
  it.each<[string, string, Partial<ChangedObject>, number]>([
    [
      'a table: what created it',
      'create table orders (id int);\ncreate index on orders (id);\ncomment on table orders is $$x$$;',
      {},
      1,
    ],
    [
      'a table that was renamed',
      'create table o2 (id int);\nalter table o2 rename to orders;\nanalyze orders;',
      {},
      2,
    ],
    [
      'a column by its own change',
      'alter table orders add a int;\nalter table orders add b int;',
      { kind: 'column', name: 'a', table },
      1,
    ],
    [
      'a column of a new table',
      'create table orders (a int);\nalter table orders add b int;',
      { kind: 'column', name: 'a', table },
      1,
    ],
    [
      'a column under its new name',
      'alter table orders add a int;\nalter table orders rename a to b;\nalter table orders add c int;',
      { kind: 'column', name: 'b', table },
      2,
    ],
    [
      'a constraint by its name',
      'alter table orders add constraint c check (a > 0);\nalter table orders add b int;',
      { kind: 'constraint', name: 'c', table },
      1,
    ],
    [
      'a constraint without a name',
      'alter table orders add foreign key (a) references a;\nalter table orders add b int;\ncreate index on orders (a);',
      { kind: 'constraint', name: 'orders_a_fkey', table },
      1,
    ],
    [
      'a foreign key without a name: by its columns and what it references',
      'alter table orders add foreign key (a) references a;\nalter table orders add foreign key (b) references a;\nalter table orders add b int;',
      { kind: 'constraint', name: 'orders_a_fkey', table, foreignKey },
      1,
    ],
    [
      'a foreign key that was validated later: what added it',
      'alter table orders add constraint k foreign key (a) references a not valid;\nalter table orders validate constraint k;',
      { kind: 'constraint', name: 'k', table, foreignKey },
      1,
    ],
    [
      'a foreign key of a table that was renamed, renamed itself',
      'alter table old add constraint o foreign key (a) references a;\nalter table old rename constraint o to k;\nalter table old rename to orders;\nalter table orders add b int;',
      { kind: 'constraint', name: 'k', table, foreignKey },
      1,
    ],
    [
      'a constraint of a table that was renamed',
      'alter table old add constraint c check (a > 0);\nalter table old rename to orders;\nalter table orders add b int;',
      { kind: 'constraint', name: 'c', table },
      1,
    ],
    [
      'a policy',
      'create policy p on orders;\ncreate policy q on orders;',
      { kind: 'policy', name: 'p', table },
      1,
    ],
    [
      'a trigger that was switched off',
      'create trigger t after insert on orders execute function f();\nalter table orders disable trigger t;\nalter table orders add b int;',
      { kind: 'trigger', name: 't', table },
      2,
    ],
    [
      'triggers that were all switched off',
      'alter table orders disable trigger all;\nalter table orders add b int;',
      { kind: 'trigger', name: 't', table },
      1,
    ],
    [
      'row security',
      'alter table orders disable row level security;\nalter table orders add b int;',
      { kind: 'row security' },
      1,
    ],
    [
      'rights',
      'grant select on orders to a;\ngrant select on others to a;\nalter table orders add b int;',
      { kind: 'grant' },
      1,
    ],
    [
      'rights on everything',
      'grant select on all tables in schema public to a;\nalter table orders add b int;',
      { kind: 'grant' },
      1,
    ],
    [
      'rights of a function',
      'grant execute on function f(int) to a;\nselect 1;',
      { kind: 'grant', name: 'f' },
      1,
    ],
    ['the owner', 'alter table orders owner to a;\nalter table orders add b int;', { kind: 'owner' }, 1],
    ['a comment', 'comment on table orders is $$x$$;\nalter table orders add b int;', { kind: 'comment' }, 1],
    [
      'replica identity',
      'alter table orders replica identity full;\nalter table orders add b int;',
      { kind: 'replica identity' },
      1,
    ],
    [
      'an extension',
      'create extension citext;\nselect 1;',
      { kind: 'extension', schema: '', name: 'citext' },
      1,
    ],
    [
      'a publication',
      'create publication p for table orders;\nselect 1;',
      { kind: 'publication', schema: '', name: 'p' },
      1,
    ],
    [
      'a function: its name decides',
      'create function f(a int) returns int language sql as $$select 1$$;\nselect 1;',
      { kind: 'function', name: 'f' },
      1,
    ],
    [
      'an enum',
      "create type mood as enum ('a');\nalter type mood add value 'b';",
      { kind: 'type', name: 'mood' },
      2,
    ],
    [
      'what a DO block did',
      'do $$ begin alter table orders disable trigger t; end $$;\nalter table orders add b int;',
      { kind: 'trigger', name: 't', table },
      1,
    ],
    [
      'an index',
      'create index i on orders (a);\nalter table orders add b int;',
      { kind: 'index', name: 'i', table },
      1,
    ],
    ['nothing that the run touched', 'create table others (id int);', {}, 0],
    ['nothing of another schema', 'create table app.orders (id int);', {}, 0],
  ])('%s', (_, sql, object, line) => {
    expect(causeIn(sql, object)).toBe(line)
  })

  it('is told by the tree alone where effects say nothing', () => {
    const sql = 'alter table orders disable trigger t;\ngrant select on orders to a;'
    expect(causeIn(sql, { kind: 'trigger', name: 't', table }, false)).toBe(1)
    expect(causeIn(sql, { kind: 'grant' }, false)).toBe(2)
    expect(causeIn(sql, {}, false)).toBe(0)
  })
})
