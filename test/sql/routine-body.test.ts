import { loadModule, parseSync } from 'pgsql-parser'
import type { DoStmt } from '@pgsql/types'
import { beforeAll, describe, expect, it } from 'vitest'
import { readDoBlock, readFunctionBody } from '../../src/sql/routine-body.ts'
import type { FunctionRecord } from '../../src/sql/schema-records.ts'
import { applySql } from './apply-sql.ts'

beforeAll(loadModule)

function readDo(sql: string) {
  const parsed = parseSync(sql) as unknown as { stmts: { stmt: { DoStmt: DoStmt } }[] }
  const { statements, unknown } = readDoBlock(parsed.stmts[0]?.stmt.DoStmt ?? {}, sql)
  return { tags: statements.map(({ tag }) => tag), unknown }
}

function functionOf(sql: string): FunctionRecord {
  const [routine] = applySql(sql).schema.function({ schema: undefined, name: 'f' }, ['public'])
  if (routine === undefined) throw new Error('no function f')
  return routine
}

describe('a DO block', () => {
  it('runs the static statements of all branches and loops, in order', () => {
    const body = readDo(`do $$
      declare r record;
      begin
        if not exists (select from pg_constraint) then alter table t add a int; else create index on t (a); end if;
        for r in select id from t loop update t set a = r.id; end loop;
        perform f(1);
        delete from t;
      end $$`)
    expect(body.tags).toEqual([
      'SelectStmt', 'AlterTableStmt', 'IndexStmt', 'UpdateStmt', 'SelectStmt', 'SelectStmt', 'DeleteStmt',
    ]) // prettier-ignore
    expect(body.unknown).toBeUndefined()
  })

  it('leaves out exception handlers', () => {
    const body = readDo(`do $$ begin
      create type mood as enum ('a');
      exception when duplicate_object then drop table t;
      end $$`)
    expect(body.tags).toEqual(['CreateEnumStmt'])
  })

  it('reads EXECUTE of constants, concatenated or through format()', () => {
    const body = readDo(`do $$ begin
      execute 'drop table a';
      execute 'alter table ' || 'b' || ' add c int';
      execute format('create index on %I (%s)', 'My Table', 'x');
      end $$`)
    expect(body.tags).toEqual(['DropStmt', 'AlterTableStmt', 'IndexStmt'])
    expect(body.unknown).toBeUndefined()
  })

  it('says that SQL put together at run time is unknown', () => {
    const body = readDo(`do $$ declare t text; begin
      for t in select tablename from pg_tables loop execute format('drop table %I', t); end loop;
      end $$`)
    expect(body.unknown).toBe('puts SQL together at run time')
  })

  it('says so of other languages', () => {
    expect(readDo('do language plpython3u $$ pass $$')).toEqual({
      tags: [],
      unknown: 'is written in plpython3u',
    })
  })
})

describe('a function', () => {
  it('in SQL runs all statements of its body', () => {
    const body = readFunctionBody(
      functionOf("create function f() returns void language sql as 'delete from a; delete from b'"),
    )
    expect(body.statements.map(({ tag }) => tag)).toEqual(['DeleteStmt', 'DeleteStmt'])
  })

  it('with a standard body runs its statements', () => {
    const body = readFunctionBody(
      functionOf(
        'create function f() returns void language sql begin atomic delete from a; delete from b; end',
      ),
    )
    expect(body.statements.map(({ tag }) => tag)).toEqual(['DeleteStmt', 'DeleteStmt'])
  })

  it('in PL/pgSQL knows its parameters and the row of its trigger', () => {
    const body = readFunctionBody(
      functionOf(`create function f() returns trigger language plpgsql as $$
        begin new.a := 1; insert into log values (new.id); return new; end $$`),
    )
    expect(body.statements.map(({ tag }) => tag)).toEqual(['InsertStmt'])
    expect(body.unknown).toBeUndefined()
  })
})
