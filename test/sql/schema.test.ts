import { loadModule } from 'pgsql-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { formatType } from '../../src/sql/column-type.ts'
import { Schema } from '../../src/sql/schema.ts'
import { applySql, constraintNames, indexNames, relationAt, tableAt } from './apply-sql.ts'

beforeAll(loadModule)

function columnsOf(schema: Schema, table: string): readonly string[] {
  return tableAt(schema, table).columns.map(
    ({ name, type, notNull, fill }) => `${name} ${formatType(type)}${notNull ? ' not null' : ''} ${fill}`,
  )
}

describe('CREATE TABLE', () => {
  it('keeps types as format_type prints them, NOT NULL and what fills a column', () => {
    const { schema } = applySql(`
      create type mood as enum ('calm');
      create table t (
        a serial, b varchar(20) not null default '', c numeric(10,2), d timestamptz(3), e int[], f char(4),
        g bigint generated always as identity, h int generated always as (1) stored, i mood, j text default null,
        k float, l decimal(5), m time, n bit(3), o interval year to month, p uuid primary key)`)
    expect(columnsOf(schema, 't')).toEqual([
      'a integer not null default',
      'b character varying(20) not null default',
      'c numeric(10,2) nothing',
      'd timestamp(3) with time zone nothing',
      'e integer[] nothing',
      'f character(4) nothing',
      'g bigint not null identity',
      'h integer stored',
      'i mood nothing',
      'j text nothing',
      'k double precision nothing',
      'l numeric(5,0) nothing',
      'm time without time zone nothing',
      'n bit(3) nothing',
      'o interval year to month nothing',
      'p uuid not null nothing',
    ])
  })

  it('names what nobody named as PostgreSQL 18.4 did', () => {
    const { schema } = applySql(`
      create table k (a int, b int, c text, check (a > 0), check (b > 0), check (a > b), check (a < 100),
        unique (a, b), unique (c), exclude using btree (a with =));
      create index on k (lower(c), a) include (b);
      create index on k ((a + b));
      create index on k ((a * b), (a - b));
      create index on k (a);
      create index on k (a);
      create index on k ((c::int));
      create index on k (coalesce(c, ''))`)
    expect(constraintNames(schema, 'k')).toEqual([
      'k_a_b_key', 'k_a_check', 'k_a_check1', 'k_a_excl', 'k_b_check', 'k_c_key', 'k_check',
    ]) // prettier-ignore
    expect(indexNames(schema, 'k')).toEqual([
      'k_a_b_key', 'k_a_excl', 'k_a_idx', 'k_a_idx1', 'k_c_idx', 'k_c_key', 'k_coalesce_idx', 'k_expr_expr1_idx',
      'k_expr_idx', 'k_lower_a_b_idx',
    ]) // prettier-ignore
  })

  it('finds the referenced key when the foreign key names no columns', () => {
    const { schema } = applySql(`
      create table users (org int, id int primary key);
      create table orders (id bigserial primary key, user_id int references users, constraint u foreign key (user_id) references users)`)
    const orders = tableAt(schema, 'orders')
    const key = orders.constraints.find(({ name }) => name === 'orders_user_id_fkey')
    expect(key).toMatchObject({
      kind: 'foreign key',
      columns: [2],
      referencedColumns: [2],
      isValidated: true,
    })
    expect(tableAt(schema, 'users').referencedBy).toEqual([orders.id])
    expect(relationAt(schema, 'orders_id_seq')).toMatchObject({
      kind: 'sequence',
      ownedBy: { table: orders.id, column: 1 },
    })
  })

  it('does nothing with IF NOT EXISTS when the table is there', () => {
    const { schema, changes } = applySql('create table t (a int); create table if not exists t (b int)')
    expect(columnsOf(schema, 't')).toEqual(['a integer nothing'])
    expect(changes).toHaveLength(1)
  })

  it('takes NOT VALID in CREATE TABLE for what it is: nothing, there are no rows', () => {
    const { schema } = applySql('create table t (a int, constraint c check (a is not null) not valid)')
    expect(tableAt(schema, 't').constraints).toMatchObject([{ name: 'c', isValidated: true }])
  })

  it('copies with LIKE only what INCLUDING says, and NOT NULL always', () => {
    const { schema } = applySql(`
      create table t (a int not null default 3, b int check (b > 0), primary key (a));
      create table bare (like t);
      create table full_copy (like t including all)`)
    expect(columnsOf(schema, 'bare')).toEqual(['a integer not null nothing', 'b integer nothing'])
    expect(constraintNames(schema, 'bare')).toEqual(['t_a_not_null'])
    expect(columnsOf(schema, 'full_copy')).toEqual(['a integer not null default', 'b integer nothing'])
    expect(indexNames(schema, 'full_copy')).toEqual(['full_copy_pkey'])
    expect(constraintNames(schema, 'full_copy')).toEqual(['full_copy_pkey', 't_a_not_null', 't_b_check'])
  })

  it('takes the columns of CREATE TABLE AS from the tables that the query names', () => {
    const { schema } = applySql(`
      create table t (a int not null, b varchar(9));
      create table copy as select *, b as c, a + 1 from t`)
    expect(columnsOf(schema, 'copy')).toEqual([
      'a integer nothing',
      'b character varying(9) nothing',
      'c character varying(9) nothing',
      '?column? unknown nothing',
    ])
  })

  it('puts temporary tables before all others and forgets them with the session', () => {
    const { schema } = applySql('create table t (a int); create temp table t (b int)')
    expect(schema.lookup({ schema: undefined, name: 't' }, ['public'])?.schema).toBe('pg_temp')
    schema.dropTemporary()
    expect(schema.lookup({ schema: undefined, name: 't' }, ['public'])?.schema).toBe('public')
  })
})

describe('search path', () => {
  it('creates in the first schema, and finds along the path', () => {
    const { schema } = applySql('create table t (a int)', { path: ['app', 'public'] })
    expect(schema.at('app', 't')).toBeDefined()
    applySql('create table u (a int)', { schema })
    expect(schema.lookup({ schema: undefined, name: 'u' }, ['app', 'public'])?.schema).toBe('public')
    expect(schema.lookup({ schema: 'app', name: 'u' }, ['public'])).toBeUndefined()
  })

  it('puts the elements of CREATE SCHEMA into it', () => {
    const { schema } = applySql('create schema app create table t (a int) create view v as select a from t')
    expect(schema.at('app', 't')).toBeDefined()
    expect(schema.at('app', 'v')?.kind).toBe('view')
  })
})

describe('renames', () => {
  it('keeps what hangs on a table and a column through renames', () => {
    const { schema } = applySql(`
      create table users (id int primary key, mail text unique);
      create table orders (u int references users (id));
      alter table users rename column id to user_id;
      alter table users rename to people;
      alter table people rename constraint users_mail_key to people_mail`)
    const people = tableAt(schema, 'people')
    expect(schema.at('public', 'users')).toBeUndefined()
    expect(indexNames(schema, 'people')).toEqual(['people_mail', 'users_pkey'])
    expect(tableAt(schema, 'orders').constraints).toMatchObject([
      { table: people.id, referencedColumns: [1] },
    ])
    expect(people.columns[0]?.name).toBe('user_id')
  })

  it('moves indexes and owned sequences along with SET SCHEMA', () => {
    const { schema } = applySql('create table t (id serial primary key); alter table t set schema app')
    expect(schema.at('app', 't_pkey')?.kind).toBe('index')
    expect(schema.at('app', 't_id_seq')?.kind).toBe('sequence')
    expect(schema.at('public', 't_id_seq')).toBeUndefined()
  })

  it('renames a type in the columns that have it', () => {
    const { schema } = applySql(`
      create type mood as enum ('a'); create table t (m mood); alter type mood rename to feeling`)
    expect(columnsOf(schema, 't')).toEqual(['m feeling nothing'])
  })

  it('renames a schema with everything in it', () => {
    const { schema } = applySql(`
      create schema app; create table app.t (id int primary key); alter schema app rename to core`)
    expect(schema.at('core', 't')).toBeDefined()
    expect(schema.at('app', 't_pkey')).toBeUndefined()
  })
})

describe('ALTER TABLE', () => {
  it('drops with a column its indexes, constraints and sequence', () => {
    const { schema } = applySql(`
      create table t (id serial, a int unique, b int, check (a > b));
      create index on t (b);
      alter table t drop column a, drop column id`)
    expect(columnsOf(schema, 't')).toEqual(['b integer nothing'])
    expect(constraintNames(schema, 't')).toEqual([])
    expect(indexNames(schema, 't')).toEqual(['t_b_idx'])
    expect(schema.at('public', 't_id_seq')).toBeUndefined()
  })

  it('takes over an index as a constraint, with the constraint’s name', () => {
    const { schema } = applySql(`
      create table t (a int);
      create unique index i on t (a);
      alter table t add constraint t_a_unique unique using index i`)
    expect(indexNames(schema, 't')).toEqual(['t_a_unique'])
    applySql('alter table t drop constraint t_a_unique', { schema })
    expect(indexNames(schema, 't')).toEqual([])
  })

  it('validates a constraint that was added NOT VALID', () => {
    const { schema } = applySql(
      'create table t (a int); alter table t add constraint c check (a > 0) not valid',
    )
    expect(tableAt(schema, 't').constraints).toMatchObject([{ isValidated: false }])
    applySql('alter table t validate constraint c', { schema })
    expect(tableAt(schema, 't').constraints).toMatchObject([{ isValidated: true }])
  })

  it('gives children what their parent gets', () => {
    const { schema } = applySql(`
      create table parent (a int);
      create table child (b int) inherits (parent);
      alter table parent add column c text not null default '', add constraint pos check (a > 0)`)
    expect(columnsOf(schema, 'child')).toEqual([
      'a integer nothing',
      'b integer nothing',
      'c text not null default',
    ])
    expect(constraintNames(schema, 'child')).toContain('pos')
    applySql('alter table parent drop constraint pos', { schema })
    expect(constraintNames(schema, 'child')).not.toContain('pos')
  })

  it('refuses circles of inheritance, as the server does', () => {
    const { schema } = applySql(`
      create table a (x int);
      create table b () inherits (a);
      create table c () inherits (b);
      alter table a inherit c;
      alter table a inherit a;
      create table p (x int) partition by list (x);
      alter table p attach partition p default;
      create index p_x on p (x);
      alter index p_x attach partition p_x;
      alter table a add column y int;
      drop table a cascade`)
    expect(columnsOf(schema, 'p')).toEqual(['x integer nothing'])
    expect(() => tableAt(schema, 'c')).toThrow('c')
  })

  it('comes once to a table that inherits in more than one way', () => {
    const levels = Array.from({ length: 20 }, (_, level) => {
      const below = level === 0 ? '' : ` inherits (l${level - 1}, r${level - 1})`
      return `create table l${level} (a int)${below}; create table r${level} (a int)${below};`
    })
    const { schema } = applySql(levels.join('\n'))
    expect(schema.withDescendants(tableAt(schema, 'l0'))).toHaveLength(39)
  })
})

describe('partitions', () => {
  const partitioned = `
    create table ev (id int, at date not null, primary key (id, at)) partition by range (at);
    create index ev_at_idx on ev (at);
    create table ev_1 partition of ev for values from ('2024-01-01') to ('2025-01-01');`

  it('have the indexes and keys of their parent', () => {
    const { schema } = applySql(partitioned)
    expect(indexNames(schema, 'ev_1')).toEqual(['ev_1_at_idx', 'ev_1_pkey'])
    expect(relationAt(schema, 'ev_at_idx').kind).toBe('partitioned index')
    applySql('create index on ev (id)', { schema })
    expect(indexNames(schema, 'ev_1')).toContain('ev_1_id_idx')
    applySql('drop index ev_at_idx', { schema })
    expect(indexNames(schema, 'ev_1')).not.toContain('ev_1_at_idx')
  })

  it('adopt equal indexes when attached, and keep them when detached', () => {
    const { schema } = applySql(`${partitioned}
      create table ev_2 (id int not null, at date not null, primary key (id, at));
      create index mine on ev_2 (at);
      alter table ev attach partition ev_2 for values from ('2025-01-01') to ('2026-01-01')`)
    expect(indexNames(schema, 'ev_2')).toEqual(['ev_2_pkey', 'mine'])
    applySql('alter table ev detach partition ev_2; drop table ev', { schema })
    expect(indexNames(schema, 'ev_2')).toEqual(['ev_2_pkey', 'mine'])
    expect(schema.at('public', 'ev_1')).toBeUndefined()
  })
})

describe('DROP', () => {
  it('reports with CASCADE the views and foreign keys that go, and leaves out what belongs to the table', () => {
    const { schema, changes } = applySql(`
      create table users (id serial primary key, name text);
      create table orders (u int constraint orders_u references users);
      create view v as select name from users;
      create view w as select * from v;
      drop table users cascade`)
    expect(changes.slice(-4)).toEqual([
      {
        object: { kind: 'table constraint', schema: 'public', name: 'orders_u', table: 'public.orders' },
        existedBefore: true,
        change: { type: 'drop', cascaded: true },
      },
      dropped('view', 'v', true),
      dropped('view', 'w', true),
      dropped('table', 'users', false),
    ])
    expect(tableAt(schema, 'orders').constraints).toEqual([])
    expect(schema.at('public', 'users_id_seq')).toBeUndefined()
  })

  it('of a column takes only the views that use it', () => {
    const { schema } = applySql(`
      create table users (id int, name text, mail text);
      create view names as select u.name from users u;
      create view everything as select * from users;
      create view ids as select id from users;
      alter table users drop column name cascade`)
    expect(schema.at('public', 'names')).toBeUndefined()
    expect(schema.at('public', 'everything')).toBeUndefined()
    expect(schema.at('public', 'ids')).toBeDefined()
  })

  it('of a schema takes all that is in it and the foreign keys that point there', () => {
    const { schema, changes } = applySql(`
      create schema app; create table app.t (id int primary key); create table x (t int references app.t);
      drop schema app cascade`)
    expect(schema.at('app', 't')).toBeUndefined()
    expect(tableAt(schema, 'x').constraints).toEqual([])
    expect(changes.filter(({ change }) => change.type === 'drop').map(({ object }) => object.name)).toEqual([
      'app',
      'x_t_fkey',
      't',
    ])
  })

  it('of a type takes the columns that have it', () => {
    const { schema } = applySql(`
      create domain positive as int check (value > 0); create table t (a positive, b int);
      drop domain positive cascade`)
    expect(columnsOf(schema, 't')).toEqual(['b integer nothing'])
  })

  it('lets a name be used again', () => {
    const { schema } = applySql('create table t (a int); drop table t; create table t (b int)')
    expect(columnsOf(schema, 't')).toEqual(['b integer nothing'])
  })
})

describe('rolling back', () => {
  it('returns to the savepoint: names, columns, indexes and types', () => {
    const { schema } = applySql("create table t (a int); create type m as enum ('a')")
    schema.commit()
    const savepoint = schema.savepoint()
    applySql(
      'alter table t rename to u; alter table u add column b int; create index on u (b); drop type m; create table n (x int)',
      { schema },
    )
    schema.rollbackTo(savepoint)
    expect(columnsOf(schema, 't')).toEqual(['a integer nothing'])
    expect(indexNames(schema, 't')).toEqual([])
    expect(schema.at('public', 'u')).toBeUndefined()
    expect(schema.at('public', 'n')).toBeUndefined()
    expect(schema.type({ schema: undefined, name: 'm' }, ['public'])).toBeDefined()
  })
})

describe('relations that no file creates', () => {
  it('exist with unknown columns, but not under IF EXISTS after a complete history', () => {
    const schema = new Schema({ isComplete: true, canRollBack: false })
    const name = { schema: undefined, name: 'legacy' }
    expect(schema.table(name, ['public'], true)).toBeUndefined()
    expect(schema.table(name, ['public'])).toMatchObject({ isKnown: false, isNew: false, columns: [] })
    expect(schema.table({ schema: undefined, name: 'pg_class' }, ['public'])).toBeUndefined()
  })

  it('exist under IF EXISTS, too, when nothing is known of the history', () => {
    const schema = new Schema({ isComplete: false, canRollBack: false })
    expect(schema.table({ schema: 'app', name: 't' }, ['public'], true)).toMatchObject({ schema: 'app' })
  })
})

function dropped(kind: string, name: string, cascaded: boolean) {
  return {
    object: { kind, schema: 'public', name },
    existedBefore: true,
    change: { type: 'drop', cascaded },
  }
}
