import { setTimeout as sleep } from 'node:timers/promises'
import {
  bind,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describePortal,
  describeStatement,
  execute,
  extended,
  flush,
  parse,
  query,
  sync,
  type Conversation,
} from './conversation.ts'

/** One or two clients; the second is for what one session tells another. */
export interface Scenario {
  readonly run: (one: Conversation, other: Conversation) => Promise<void>
}

const many =
  (sql: readonly string[]): Scenario['run'] =>
  async (one) => {
    for (const text of sql) await one.ask(query(text))
  }

/** Each statement in the extended protocol, each with a Sync. */
const each =
  (sql: readonly string[]): Scenario['run'] =>
  async (one) => {
    for (const text of sql) await one.ask(extended(text), sync)
  }

const parents = `create table p1 (id int primary key);
  create table c1 (id int references p1 deferrable initially deferred)`

export const scenarios: Readonly<Record<string, Scenario>> = {
  'single statements': {
    run: many([
      'create table a1 (id int primary key, x text)',
      "insert into a1 values (1, 'a'), (2, 'b')",
      'select * from a1 order by id',
      'select 1 / (id - 2) from a1 order by id',
      'selec 1',
      '  select nothing from a1;  -- comment',
      'select (',
      'insert into a1 values (1) returning id',
      "insert into a1 values (3, 'ü') returning id, x",
      'select * from missing',
      'show work_mem',
      'explain (costs off) select * from a1',
      'with d as (delete from a1 returning id) select * from d order by id',
      'truncate a1',
      'table a1',
      'values (1, null), (2, $$x$$)',
      'select 1 where false',
      "set application_name = 'me'",
      'analyze a1',
      'vacuum a1',
      'create index concurrently on a1 (x)',
      'drop table a1',
    ]),
  },
  'several statements in one Query': {
    run: many([
      "create table b1 (id int); insert into b1 values (1), (2);\n select id from b1 order by id; select 'ü', 1 / 0",
      'select * from b1',
      "select 'üüü'; select nothing_there",
      'begin; create table b2 (id int); commit; select 1; select 1 / 0',
      'select * from b2',
      'declare c cursor for select generate_series(1, 3); fetch 2 from c; fetch all from c',
      'lock table b2; select 1',
      'savepoint s; select 1',
      'select 1; create index concurrently on b2 (id)',
      'create index concurrently on b2 (id); select 1',
      'vacuum; select 1',
      'begin; set transaction isolation level serializable; select 1; commit',
      'set local lock_timeout = 1000; select 1',
      'commit; select 1',
      'select 1; rollback; select 2',
      'begin; select 1',
      'insert into b2 values (1) returning id; savepoint a; select 1 / 0',
      'select 1',
      'rollback to a; select 2',
      'rollback; select 3',
      'begin; commit and chain; select 4; rollback',
      'create function bf() returns int language sql begin atomic; select 1; select 2; end; select bf()',
      'select 1; selec 2; select 3',
      ';;select 1;;',
      'select $$;$$; select 2',
    ]),
  },
  'nothing, parameters, what cannot be read': {
    run: many([
      '',
      ';',
      '-- nothing',
      'select $1',
      "select '$1'",
      'select 1; select $1',
      'select \\x',
      "select 'open",
    ]),
  },
  'the extended protocol': {
    run: async (one) => {
      await one.ask(extended('create table e1 (id int primary key, x text)'), sync)
      await one.ask(extended('insert into e1 values ($1, $2)', '1', 'a'), sync)
      await one.ask(parse('select * from e1 where id = $1', 's1', [23]), describeStatement('s1'), sync)
      await one.ask(bind(['1'], 's1'), describePortal(), execute(), sync)
      await one.ask(bind(['1'], 's1', 'p1'), execute(0, 'p1'), closePortal('p1'), closeStatement('s1'), sync)
      await one.ask(bind(['1'], 's1'), execute(), sync)
      await one.ask(extended('select 1 / 0'), sync)
      await one.ask(extended('selec 1'), sync)
      await one.ask(extended(''), sync)
      await one.ask(extended('select 1; select 2'), sync)
      await one.ask(extended('insert into e1 values (1, null)'), sync)
      await one.ask(extended('show lock_timeout'), sync)
      await one.ask(extended('select nothing from e1'), sync)
      await one.ask(parse('select 7'), sync)
      // the unnamed statement outlives a Sync, and a look
      await one.ask(bind(), execute(), sync)
      await one.ask(bind(), execute(), sync)
      await one.ask(query('select 1'))
      await one.ask(bind(), execute(), sync)
    },
  },
  'pipelines with and without errors': {
    run: async (one) => {
      await one.ask(extended('create table f1 (id int primary key)'), sync)
      one.say(extended('insert into f1 values (1)'), extended('insert into f1 values (2)'), sync)
      one.say(extended('insert into f1 values (1)'), extended('insert into f1 values (3)'), sync)
      one.say(extended('select * from f1 order by 1'), sync)
      await one.hear('Z', 3)
      one.say(extended('begin'), extended('insert into f1 values (4)'), extended('commit'))
      one.say(extended('select count(*) from f1'), sync)
      await one.hear('Z')
      one.say(extended('select 1'), flush)
      await one.hear('C')
      one.say(extended('select 1 / 0'), flush)
      await one.hear('E')
      await one.ask(extended('select 2'), sync)
      one.say(
        extended('set local lock_timeout = 5'),
        extended('set transaction isolation level serializable'),
        sync,
      )
      await one.hear('Z')
      one.say(
        extended('create index concurrently on f1 (id)'),
        extended('create index concurrently on f1 (id)'),
        sync,
      )
      await one.hear('Z')
      one.say(query('select 1'), query('select 2'), query('select 1 / 0'), query('select 3'))
      await one.hear('Z', 4)
      one.say(extended('lock table f1'), extended('select 1'), sync)
      await one.hear('Z')
    },
  },
  'COPY in the simple protocol': {
    run: async (one) => {
      await one.ask(query('create table g1 (id int, x text)'))
      one.say(query('copy g1 from stdin'))
      await one.hear('G')
      await one.ask(copyData('1\ta\n'), copyData('2\t\\N\n'), copyDone)
      one.say(query('copy g1 from stdin'))
      await one.hear('G')
      await one.ask(copyData('3\tc\n'), copyFail('no more'))
      one.say(query('copy g1 from stdin'))
      await one.hear('G')
      await one.ask(copyData('x\tc\n'), copyData('4\td\n'), copyDone)
      await one.ask(query('copy g1 to stdout'))
      await one.ask(query('copy missing from stdin'))
      await one.ask(query('copy (select 1 / 0) to stdout'))
      one.say(query('select 1; copy g1 from stdin (format csv); select count(*) from g1'))
      await one.hear('G')
      await one.ask(copyData('5,e\n'), copyDone)
      one.say(query('select 1; copy g1 from stdin; select 2'))
      await one.hear('G')
      await one.ask(copyFail('enough'))
      await one.ask(query('select * from g1 order by id'))
    },
  },
  'COPY in the extended protocol': {
    run: async (one) => {
      await one.ask(query('create table h1 (id int)'))
      one.say(extended('copy h1 from stdin'), sync)
      await one.hear('G')
      await one.ask(copyData('1\n2\n'), copyDone, sync)
      one.say(extended('copy h1 from stdin'), flush)
      await one.hear('G')
      one.say(copyData('3\n'), copyDone)
      await one.ask(extended('select count(*) from h1'), sync)
      one.say(extended('copy h1 from stdin'), sync)
      await one.hear('G')
      await one.ask(copyData('no\n'), copyDone, sync)
      one.say(extended('copy h1 from stdin'), sync)
      await one.hear('G')
      await one.ask(copyFail('no'), sync)
      await one.ask(extended('copy nowhere from stdin'), sync)
      await one.ask(extended('copy h1 to stdout'), sync)
    },
  },
  'portals that are read in parts': {
    run: async (one) => {
      await one.ask(query('begin'))
      await one.ask(parse('select generate_series(1, 5)', 's'), bind([], 's', 'p'), execute(2, 'p'), sync)
      await one.ask(execute(2, 'p'), sync)
      await one.ask(query('select 1'))
      await one.ask(execute(2, 'p'), execute(2, 'p'), sync)
      await one.ask(parse('select generate_series(1, 3)'), bind(), execute(1), flush, execute(1), sync)
      await one.ask(execute(1), sync)
      await one.ask(query('commit'))
      await one.ask(parse('select generate_series(1, 3)'), bind(), execute(1), execute(1), sync)
      await one.ask(execute(1), sync)
      await one.ask(query('begin; declare c cursor for select generate_series(1, 3)'))
      await one.ask(query('fetch 2 from c'))
      await one.ask(query('fetch 2 from c; close c'))
      await one.ask(query('declare c binary cursor for select 258'))
      await one.ask(query('fetch all from c'))
      await one.ask(query('select name, statement from pg_cursors order by 1'))
      await one.ask(query('select name from pg_prepared_statements'))
      await one.ask(query('commit'))
    },
  },
  'prepared statements, DISCARD, DEALLOCATE': {
    run: async (one) => {
      await one.ask(parse('select $1::text', 'mine'), sync)
      await one.ask(
        query('prepare other as select 2; execute other; select name from pg_prepared_statements order by 1'),
      )
      await one.ask(bind([], 'other'), execute(), sync)
      await one.ask(bind(['x'], 'mine'), execute(), sync)
      await one.ask(query('deallocate all'))
      await one.ask(bind(['x'], 'mine'), execute(), sync)
      await one.ask(parse('select 1', 'mine'), sync)
      await one.ask(query('discard all'))
      await one.ask(bind([], 'mine'), execute(), sync)
      await one.ask(extended('discard all'), sync)
      await one.ask(query('begin; discard all'))
      await one.ask(query('rollback'))
      await one.ask(parse('select broken from nowhere', 'again'), sync)
      await one.ask(bind([], 'again'), execute(), sync)
    },
  },
  'notices and settings': {
    run: async (one) => {
      await one.ask(query("do $$ begin raise notice 'ü %', 1; raise info 'i'; raise warning 'w'; end $$"))
      await one.ask(query('set client_min_messages = error; drop table if exists not_there'))
      await one.ask(extended('drop table if exists not_there'), sync)
      await one.ask(query('reset client_min_messages'))
      await one.ask(query('drop table if exists not_there; drop table if exists not_there_either'))
      await one.ask(extended('drop table if exists not_there'), sync)
      await one.ask(query('begin; begin; commit; commit'))
      await one.ask(query("set timezone = 'Europe/Vienna'; select 1"))
      await one.ask(query("set client_encoding = 'LATIN1'"))
      await one.ask(query('select 1; select nothing'))
      await one.ask(query("set client_encoding = 'UTF8'; set search_path = nowhere"))
      await one.ask(
        query(
          'create function nf() returns int language plpgsql as $$begin raise notice $n$x$n$; return 1; end$$',
        ),
      )
      await one.ask(query('create table public.n1 (id int primary key)'))
      await one.ask(query('set role pg_read_all_data'))
      await one.ask(query('set standard_conforming_strings = off'))
      await one.ask(query("select 'a\\'b'; select 2"))
    },
  },
  'LISTEN and NOTIFY': {
    run: async (one, other) => {
      await one.ask(query('listen news'))
      await one.ask(query("notify news, 'self'"))
      await other.ask(query("notify news, 'other'"))
      await one.hear('A')
      await one.ask(query("begin; notify news, 'later'"))
      await one.ask(query('commit'))
      await one.ask(extended("select pg_notify('news', 'extended')"), sync)
      await one.ask(query('unlisten *'))
    },
  },
  'commits that fail': {
    run: async (one) => {
      await one.ask(query(parents))
      await one.ask(query('insert into c1 values (1)'))
      await one.ask(query('insert into p1 values (5); insert into c1 values (1)'))
      await one.ask(extended('insert into c1 values (1)'), sync)
      await one.ask(query('begin'))
      await one.ask(query('insert into c1 values (1)'))
      await one.ask(query('commit'))
      await one.ask(query('begin; insert into c1 values (1); commit; select 1'))
      await one.ask(query('select * from p1'))
      await one.ask(query('set constraints all immediate'))
      await one.ask(query('insert into c1 values (3) returning id'))
    },
  },
  'procedures that commit': {
    run: async (one) => {
      await one.ask(query('create table pr (id int)'))
      await one.ask(
        query(
          'create procedure twice() language plpgsql as $$begin insert into pr values (1); commit; insert into pr values (2); end$$',
        ),
      )
      await one.ask(query('call twice()'))
      await one.ask(extended('call twice()'), sync)
      await one.ask(query('call twice(); select 1'))
      await one.ask(query('select 1; call twice()'))
      await one.ask(query('do $$ begin insert into pr values (3); commit; end $$'))
      await one.ask(
        query('create procedure gives(inout x int) language plpgsql as $$begin x := x + 1; end$$'),
      )
      await one.ask(query('call gives(1)'))
      await one.ask(query('select * from pr'))
    },
  },
  'SET TRANSACTION first in a block': {
    run: async (one) => {
      await one.ask(query('begin'))
      await one.ask(query("set local lock_timeout = '3s'"))
      await one.ask(query('set transaction isolation level serializable'))
      await one.ask(query('select 1'))
      await one.ask(query('commit'))
      await one.ask(extended('begin'), sync)
      await one.ask(extended("set local lock_timeout = '3s'"), sync)
      await one.ask(extended('set transaction isolation level repeatable read, read only'), sync)
      await one.ask(extended('show transaction_isolation'), sync)
      await one.ask(extended('rollback'), sync)
      await one.ask(query('begin; select 1; set transaction isolation level serializable'))
      await one.ask(query('rollback'))
    },
  },
  'in a failed transaction': {
    run: each([
      'begin',
      'select 1 / 0',
      'select 1',
      'savepoint x',
      'commit',
      'begin',
      'savepoint s',
      'select 1 / 0',
      'rollback to s',
      'select 5',
      'commit',
    ]),
  },
  'unknown messages of the extended protocol': {
    run: async (one) => {
      await one.ask(describeStatement('none'), sync)
      await one.ask(describePortal('none'), sync)
      await one.ask(execute(0, 'none'), sync)
      await one.ask(closeStatement('none'), closePortal('none'), sync)
      await one.ask(bind(['1']), sync)
      await one.ask(copyData('stray'), copyDone, query('select 1'))
      await one.ask(sync)
    },
  },
  'a statement_timeout of the client': {
    run: async (one) => {
      await one.ask(query("set statement_timeout = '90ms'"))
      await one.ask(query('select 1'))
      await one.ask(query('select pg_sleep(5)'))
      await one.ask(extended('select 1'), sync)
      await one.ask(query("set statement_timeout = '5s'"))
      await one.ask(query('select 1'))
    },
  },
  'a cancel': {
    run: async (one) => {
      one.say(query('select pg_sleep(20)'))
      await sleep(150)
      await one.wire.cancel()
      await one.hear('Z')
      one.say(extended('select pg_sleep(20)'), sync)
      await sleep(150)
      await one.wire.cancel()
      await one.hear('Z')
      await one.wire.cancel()
      await one.ask(query('select 1'))
    },
  },
  'a backend that is terminated': {
    run: async (one, other) => {
      await one.ask(query('begin; create table gone (id int)'))
      await other.ask(query(`select pg_terminate_backend(${one.wire.processId})`))
      await one.hear('E')
      while (!one.isClosed) await sleep(10)
    },
  },
  'a large result': {
    run: async (one) => {
      await one.ask(query("select i, repeat('x', 200) from generate_series(1, 20000) i"))
      await one.ask(extended("select repeat('y', 16000000)"), sync)
    },
  },
}
