import { beforeAll, describe, expect, test } from 'vitest'
import { isClusterWide } from '../../src/replay/broker.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'

beforeAll(loadParser)

describe('on a server that was given to us', () => {
  test.each([
    "alter system set work_mem = '1GB'",
    "create tablespace fast location '/mnt'",
    'drop tablespace fast',
    'alter tablespace fast set (seq_page_cost = 1)',
    'alter tablespace fast rename to slow',
    'create database other',
    'drop database other',
    'alter database other set timezone to utc',
    'alter database other rename to another',
    'alter database other owner to app',
    'grant connect on database other to app',
    "comment on database other is 'x'",
    'grant set on parameter log_statement to app',
    "create subscription s connection 'host=x' publication p",
    'checkpoint',
    'alter role all set work_mem = 1',
    'alter role current_user set work_mem = 1',
  ])('`%s` is not run', (sql) => {
    expect(isClusterWide(parseStatement(sql), new Set())).toBe(true)
  })

  test.each([
    'alter role app password null',
    'alter user app set work_mem = 1',
    'drop role mine, app',
    'alter role app rename to app2',
    'grant app to mine',
    "comment on role app is 'x'",
  ])('`%s` is run only when the role is not somebody else’s', (sql) => {
    const statement = parseStatement(sql)
    expect(isClusterWide(statement, new Set(['app']))).toBe(true)
    expect(isClusterWide(statement, new Set(['other']))).toBe(false)
    expect(isClusterWide(statement)).toBe(true)
  })

  test.each([
    'create table t (id int)',
    'create role app',
    'grant select on t to app',
    'alter table t owner to app',
    'drop owned by app',
    'reindex database',
    'something we cannot parse',
  ])('`%s` is run', (sql) => {
    expect(isClusterWide(parseStatement(sql), new Set(['app']))).toBe(false)
  })
})
