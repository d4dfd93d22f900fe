import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Effect, Limit, Migration } from '../../src/core/model.ts'
import { openServer } from '../../src/postgres/server.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majorOptions, majors, openMajor } from './servers.ts'
import { rehearse } from './replay-example.ts'

const history = `
  create type state as enum ('open', 'paid');
  create table orders (id bigint primary key, note text, state state);
  create table old_orders (id bigint primary key);`

/** What only event triggers, or a look at the catalogue, can tell. */
const review = `
  do $$ begin execute 'alter table orders ' || 'alter column id type numeric'; end $$;
  do $$ begin execute 'truncate ' || 'old_orders'; end $$;
  do $$ begin execute 'alter table orders ' || 'alter column note set not null'; end $$;
  do $$ begin execute 'create index notes on ' || 'orders (note)'; end $$;
  create table items (id bigint primary key, order_id int);
  insert into items select g, g from generate_series(1, 3) g;
  alter table items alter column order_id type bigint;
  create index on items (order_id);
  do $$ begin execute 'alter table orders ' || 'rename column note to remark'; end $$;
  do $$ begin execute 'alter table orders ' || 'drop column state'; end $$;
  do $$ begin execute 'drop table ' || 'old_orders'; end $$;
  begin; create table gone (id int); rollback;
  vacuum items;`

describe.each(majors)('a server of Postgres %i whose user is no superuser', (major) => {
  let host: PostgresServer
  let managed: PostgresServer

  beforeAll(async () => {
    await loadParser()
    host = await openMajor(major)
    const boss = await host.connectAdmin()
    await boss.query("create role maker createdb login password 'secret'")
    const place = encodeURIComponent(boss.host)
    await boss.end()
    const serverUrl = `postgresql://maker:secret@localhost/postgres?host=${place}`
    managed = await openServer({ ...majorOptions(major), serverUrl, sharedServer: true })
  })
  afterAll(async () => {
    await managed[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
  })

  // one major each: both of each would take too long for what they tell
  test.each([major === 18 ? 'statement' : 'simple query'] as const)(
    'sees what code does to tables as event triggers do (mode %s)',
    async (mode) => {
      const text = mode === 'statement' ? review : review.replace(/begin; create[^]*/, '')
      const [past, now] = [scriptOf(history, 'statement'), scriptOf(text, mode)]
      const expected = await rehearse(host, past, now)
      const found = await rehearse(managed, past, now)
      const [theirs, ours] = [toldBy(expected), toldBy(found)]
      expect(ours).toEqual(theirs)
      // the sample would prove nothing
      expect(theirs.flat().filter((line) => line.startsWith('rewrite')).length).toBeGreaterThan(1)
    },
  )

  test.runIf(major === 18)('names what is missing, once', async () => {
    const code = 'do $$ begin execute $x$ select 1 $x$; exception when others then null; end $$;'
    const grants = 'create table t (id int); grant select on t to readers; grant select on t to writers;'
    const limitsOf = async (text: string): Promise<readonly Limit[]> => {
      const { limits } = await rehearse(managed, [], scriptOf(text, 'statement'))
      return limits.filter((limit) => limit.code === 'no-superuser')
    }
    expect(await limitsOf(code + grants)).toEqual([
      {
        code: 'no-superuser',
        message:
          'The user maker of the server is no superuser. So these were not measured: what code in them does to other ' +
          'objects than tables, views, indexes and sequences (no event triggers); locks that code takes and gives back ' +
          'before it ends (no gate pass); whatever needs the roles readers, writers (no CREATEROLE).',
        hint:
          'Create the roles there, run ALTER ROLE "maker" CREATEROLE, or leave out --server-url: the throwaway server ' +
          'misses nothing of it.',
      },
    ])
    const plain =
      'create table t (id int); insert into t select generate_series(1, 3); update t set id = abs(id);'
    expect(await limitsOf(plain)).toEqual([])
  })
})

function scriptOf(text: string, mode: 'statement' | 'simple query'): readonly Migration[] {
  const script = parseScript({
    source: 'plain-sql',
    file: `${mode}.sql`,
    version: null,
    title: mode,
    text,
    start: 0,
    end: text.length,
    transaction: { mode, why: 'test' },
    repeatable: false,
  })
  return layOutTransactions([script], false)
}

/** Of each statement: its changes of relations, rewrites, scans and locks. */
function toldBy({ results }: Awaited<ReturnType<typeof rehearse>>): readonly (readonly string[])[] {
  return results.flatMap(({ statements }) =>
    statements.map(({ effects }) => [...new Set(effects.flatMap(lineOf))].toSorted()),
  )
}

function lineOf(effect: Effect): readonly string[] {
  switch (effect.kind) {
    case 'rewrite':
      return [`rewrite ${effect.relation.name} ${effect.cause}`]
    case 'truncate':
      return [`truncate ${effect.relation.name}`]
    case 'scan':
      return [`scan ${effect.relation.name} ${effect.reason}`]
    case 'lock':
      return [`lock ${effect.relation.name} ${effect.mode}`]
    case 'catalog':
      return [`${effect.object.kind} ${effect.object.name} ${JSON.stringify(effect.change)}`]
    default:
      return []
  }
}
