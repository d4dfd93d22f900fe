import { beforeAll, describe, expect, it } from 'vitest'
import { rewriteParameters, type ParameterSyntax } from '../../src/queries/parameters.ts'
import { loadParser, parseStatement } from '../../src/sql/parse.ts'

beforeAll(loadParser)

const sqlc: ParameterSyntax = { sqlc: true }
const plain: ParameterSyntax = { colon: 'plain', question: true }
const aiosql: ParameterSyntax = { colon: 'named', question: true }
const hugsql: ParameterSyntax = { colon: 'hugsql', question: true }
const pgtyped: ParameterSyntax = {
  colon: 'pgtyped',
  forms: new Map([
    ['ids', { picked: [], isList: true }],
    ['user', { picked: ['name', 'age'], isList: false }],
    ['users', { picked: ['name', 'age'], isList: true }],
  ]),
}

interface Case {
  readonly syntax: ParameterSyntax
  readonly sql: string
  readonly becomes: string
  readonly names?: string
}

const cases: readonly Case[] = [
  // sqlc
  { syntax: sqlc, sql: 'SELECT @a, @b, @a', becomes: 'SELECT $1, $2, $1', names: '1 a, 2 b' },
  { syntax: sqlc, sql: "SELECT sqlc.arg('a'), sqlc.arg(b)", becomes: 'SELECT $1, $2', names: '1 a, 2 b' },
  { syntax: sqlc, sql: 'SELECT sqlc.narg( a )::text', becomes: 'SELECT $1::text', names: '1 a' },
  { syntax: sqlc, sql: 'SELECT SQLC.ARG(a)', becomes: 'SELECT $1', names: '1 a' },
  {
    syntax: sqlc,
    sql: "SELECT 1 WHERE id IN (sqlc.slice('ids'))",
    becomes: 'SELECT 1 WHERE id IN ($1)',
    names: '1 ids list',
  },
  { syntax: sqlc, sql: 'SELECT sqlc.embed(u), 1 FROM u', becomes: 'SELECT u.*, 1 FROM u' },
  { syntax: sqlc, sql: 'SELECT sqlc.embed("U") FROM "U"', becomes: 'SELECT "U".* FROM "U"' },
  { syntax: sqlc, sql: 'SELECT $2, @a, $1', becomes: 'SELECT $2, $3, $1', names: '1, 2, 3 a' },
  {
    syntax: sqlc,
    sql: 'SELECT a FROM t WHERE b @> c AND d <@ c',
    becomes: 'SELECT a FROM t WHERE b @> c AND d <@ c',
  },
  { syntax: sqlc, sql: 'SELECT a @@ b, a @? b, a <@b', becomes: 'SELECT a @@ b, a @? b, a <@b' },
  { syntax: sqlc, sql: 'SELECT @ -5', becomes: 'SELECT @ -5' },
  { syntax: sqlc, sql: 'SELECT a FROM t WHERE b=@b', becomes: 'SELECT a FROM t WHERE b=$1', names: '1 b' },
  {
    syntax: sqlc,
    sql: "SELECT 'x@y.de', $$@a$$, E'\\'@b' -- @c",
    becomes: "SELECT 'x@y.de', $$@a$$, E'\\'@b' -- @c",
  },
  { syntax: sqlc, sql: 'SELECT @a::text[]', becomes: 'SELECT $1::text[]', names: '1 a' },
  // :name
  { syntax: plain, sql: 'SELECT :a, :b, :a', becomes: 'SELECT $1, $2, $1', names: '1 a, 2 b' },
  {
    syntax: plain,
    sql: 'SELECT a FROM t WHERE a = :b::int',
    becomes: 'SELECT a FROM t WHERE a = $1::int',
    names: '1 b',
  },
  { syntax: plain, sql: 'SELECT a::int, b :: text', becomes: 'SELECT a::int, b :: text' },
  { syntax: plain, sql: 'SELECT f(a := 1, b := :b)', becomes: 'SELECT f(a := 1, b := $1)', names: '1 b' },
  { syntax: plain, sql: 'SELECT f(a => :b)', becomes: 'SELECT f(a => $1)', names: '1 b' },
  { syntax: plain, sql: 'SELECT a[1:2], a[b:c], a[2:n]', becomes: 'SELECT a[1:2], a[b:c], a[2:n]' },
  { syntax: plain, sql: 'SELECT a[:i], a[1: :j]', becomes: 'SELECT a[$1], a[1: $2]', names: '1 i, 2 j' },
  { syntax: plain, sql: 'SELECT ARRAY[:a,:b]', becomes: 'SELECT ARRAY[$1,$2]', names: '1 a, 2 b' },
  {
    syntax: plain,
    sql: `SELECT ':a', ":b", E'\\':c', $$:d$$, $x$:e$x$ /* :f /* :g */ :h */ -- :i`,
    becomes: `SELECT ':a', ":b", E'\\':c', $$:d$$, $x$:e$x$ /* :f /* :g */ :h */ -- :i`,
  },
  { syntax: plain, sql: "SELECT 'it''s :a', :b", becomes: "SELECT 'it''s :a', $1", names: '1 b' },
  { syntax: plain, sql: "SELECT '12:30'::time, :a", becomes: "SELECT '12:30'::time, $1", names: '1 a' },
  { syntax: plain, sql: "SELECT :'a'", becomes: 'SELECT $1', names: '1 a' },
  {
    syntax: plain,
    sql: 'SELECT 1 WHERE a IN :ids',
    becomes: 'SELECT 1 WHERE a IN ($1)',
    names: '1 ids list',
  },
  { syntax: plain, sql: 'SELECT 1 WHERE a IN (:ids)', becomes: 'SELECT 1 WHERE a IN ($1)', names: '1 ids' },
  {
    syntax: plain,
    sql: 'SELECT 1 WHERE a = ANY(:ids::int[])',
    becomes: 'SELECT 1 WHERE a = ANY($1::int[])',
    names: '1 ids',
  },
  { syntax: plain, sql: 'SELECT $1, :a', becomes: 'SELECT $1, $2', names: '1, 2 a' },
  { syntax: plain, sql: 'SELECT :größe', becomes: 'SELECT $1', names: '1 größe' },
  { syntax: plain, sql: 'SELECT a[f(x):n], :b', becomes: 'SELECT a[f(x):n], $1', names: '1 b' },
  {
    syntax: plain,
    sql: 'SELECT 1 FROM t WHERE a = ? - 1',
    becomes: 'SELECT 1 FROM t WHERE a = $1 - 1',
    names: '1',
  },
  {
    syntax: plain,
    sql: "SELECT 1 FROM t WHERE a LIKE ?||'%'",
    becomes: "SELECT 1 FROM t WHERE a LIKE $1||'%'",
    names: '1',
  },
  { syntax: plain, sql: 'SELECT a ?# b, a ?-| c, ?', becomes: 'SELECT a ?# b, a ?-| c, $1', names: '1' },
  { syntax: plain, sql: 'SELECT ? -- why?', becomes: 'SELECT $1 -- why?', names: '1' },
  // ?
  {
    syntax: plain,
    sql: 'SELECT a FROM t WHERE a = ? AND b > ?',
    becomes: 'SELECT a FROM t WHERE a = $1 AND b > $2',
    names: '1, 2',
  },
  { syntax: plain, sql: "SELECT a ? 'k', a ?| b, a ?& b", becomes: "SELECT a ? 'k', a ?| b, a ?& b" },
  {
    syntax: plain,
    sql: "SELECT a ? 'k' FROM t WHERE b = ?",
    becomes: "SELECT a ? 'k' FROM t WHERE b = $1",
    names: '1',
  },
  {
    syntax: plain,
    sql: "SELECT a ?? 'k' FROM t WHERE b = ?",
    becomes: "SELECT a ? 'k' FROM t WHERE b = $1",
    names: '1',
  },
  {
    syntax: plain,
    sql: 'SELECT a @? b FROM t LIMIT ? OFFSET ?',
    becomes: 'SELECT a @? b FROM t LIMIT $1 OFFSET $2',
    names: '1, 2',
  },
  {
    syntax: plain,
    sql: 'INSERT INTO t VALUES (?,?,?::int)',
    becomes: 'INSERT INTO t VALUES ($1,$2,$3::int)',
    names: '1, 2, 3',
  },
  {
    syntax: plain,
    sql: "UPDATE t SET a=?,b=lower(?)||'?' WHERE c IN(?)",
    becomes: "UPDATE t SET a=$1,b=lower($2)||'?' WHERE c IN($3)",
    names: '1, 2, 3',
  },
  {
    syntax: plain,
    sql: 'SELECT 1 FROM t WHERE a=?AND b=?',
    becomes: 'SELECT 1 FROM t WHERE a=$1 AND b=$2',
    names: '1, 2',
  },
  {
    syntax: plain,
    sql: "SELECT 1 FROM t WHERE a LIKE '%'||?||'%'",
    becomes: "SELECT 1 FROM t WHERE a LIKE '%'||$1||'%'",
    names: '1',
  },
  // aiosql
  {
    syntax: aiosql,
    sql: 'SELECT :user.name, :user.age::int',
    becomes: 'SELECT $1, $2::int',
    names: '1 user.name, 2 user.age',
  },
  { syntax: plain, sql: 'SELECT (:row).a, :b', becomes: 'SELECT ($1).a, $2', names: '1 row, 2 b' },
  { syntax: aiosql, sql: "SELECT :a %% 2, '%%'", becomes: "SELECT $1 % 2, '%%'", names: '1 a' },
  // HugSQL
  { syntax: hugsql, sql: 'SELECT :a, :v:b, :value:a', becomes: 'SELECT $1, $2, $3', names: '1 a, 2 b, 3 a' },
  {
    syntax: hugsql,
    sql: 'SELECT 1 WHERE a IN (:v*:ids)',
    becomes: 'SELECT 1 WHERE a IN ($1)',
    names: '1 ids list',
  },
  {
    syntax: hugsql,
    sql: 'SELECT 1 WHERE a IN :tuple:ids',
    becomes: 'SELECT 1 WHERE a IN ($1)',
    names: '1 ids list',
  },
  {
    syntax: hugsql,
    sql: 'SELECT :user-id::int, :user.name',
    becomes: 'SELECT $1::int, $2',
    names: '1 user-id, 2 user.name',
  },
  // PgTyped
  { syntax: pgtyped, sql: 'SELECT :a!, :b', becomes: 'SELECT $1, $2', names: '1 a, 2 b' },
  { syntax: pgtyped, sql: 'SELECT :a!=1', becomes: 'SELECT $1!=1', names: '1 a' },
  {
    syntax: pgtyped,
    sql: 'SELECT 1 AS "rows!" WHERE a IN :ids',
    becomes: 'SELECT 1 AS "rows!" WHERE a IN ($1)',
    names: '1 ids list',
  },
  {
    syntax: pgtyped,
    sql: 'INSERT INTO t (a, b) VALUES :user',
    becomes: 'INSERT INTO t (a, b) VALUES ($1, $2)',
    names: '1 user.name, 2 user.age',
  },
  {
    syntax: pgtyped,
    sql: 'INSERT INTO t (a, b) VALUES :users',
    becomes: 'INSERT INTO t (a, b) VALUES ($1, $2)',
    names: '1 users.name list, 2 users.age list',
  },
  // $1 alone
  { syntax: {}, sql: 'SELECT $1, :a, @b', becomes: 'SELECT $1, :a, @b', names: '1' },
]

describe('parameters', () => {
  it.each(cases)('of $sql', ({ syntax, sql, becomes, names = '' }) => {
    const rewritten = rewriteParameters(sql, syntax)
    if ('problem' in rewritten) throw new Error(rewritten.problem)
    expect(rewritten.sql).toBe(becomes)
    const list = rewritten.parameters.map(({ number, name, isList }) =>
      [number, name, isList === true ? 'list' : undefined].filter((part) => part !== undefined).join(' '),
    )
    expect(list.join(', ')).toBe(names)
  })

  // the others are there to show what is no parameter
  it.each(cases.filter(({ names = '', becomes }) => names !== '' && !/:a|@b/.test(becomes)))(
    'give SQL that Postgres takes: $sql',
    ({ becomes }) => {
      expect(parseStatement(becomes).parseError).toBeUndefined()
    },
  )

  it.each([
    [hugsql, 'SELECT :i:column FROM t'],
    [hugsql, 'SELECT 1 FROM t ORDER BY :sql:order'],
    [hugsql, 'INSERT INTO t VALUES :tuple*:rows'],
    [hugsql, ':snip:select FROM t'],
    [plain, 'SELECT :"column" FROM t'],
    [plain, 'SELECT :{?column}'],
  ])('that stand for a part of the SQL are a problem: %j %s', (syntax, sql) => {
    expect(rewriteParameters(sql, syntax)).toEqual({ problem: expect.stringContaining('part of the SQL') })
  })

  it('of a list of 65,535 take no time worth mentioning', () => {
    const many = Array.from({ length: 65_535 }, (_, at) => `$${at + 1}`).join(',')
    const rewritten = rewriteParameters(`SELECT 1 WHERE a IN (${many}) AND b = :b`, plain)
    expect('parameters' in rewritten && rewritten.parameters.at(-1)).toEqual({ number: 65_536, name: 'b' })
  })
})
