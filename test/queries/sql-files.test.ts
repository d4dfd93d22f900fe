import { describe, expect, it } from 'vitest'
import { foundIn, limitsIn, parametersOf, queriesIn, shown } from './found-in.ts'

async function short(text: string, file?: string): Promise<readonly string[]> {
  const queries = await queriesIn(text, file, file === undefined ? {} : { files: ['**'] })
  return queries.map((query) =>
    [
      query.style,
      query.name,
      query.expects ?? '-',
      query.sql.replaceAll(/\s+/g, ' '),
      parametersOf(query),
    ].join(' | '),
  )
}

describe('sqlc', () => {
  it('has a name and a command above each query', async () => {
    const text = `-- Queries of the order service.

-- name: GetAuthor :one
SELECT * FROM authors
WHERE id = $1 LIMIT 1;

/* name: ListAuthors :many */
SELECT sqlc.embed(authors) FROM authors WHERE name = ANY(@names::text[]) ORDER BY name;

-- name: CreateAuthor :execrows
-- Adds one.
INSERT INTO authors (name, bio) VALUES (sqlc.arg('name'), sqlc.narg(bio));

-- name: Import :copyfrom
INSERT INTO authors (name) VALUES ($1);
`
    expect(await short(text)).toEqual([
      'sqlc | GetAuthor | one row | SELECT * FROM authors WHERE id = $1 LIMIT 1 | 1',
      'sqlc | ListAuthors | rows | SELECT authors.* FROM authors WHERE name = ANY($1::text[]) ORDER BY name | 1 names',
      'sqlc | CreateAuthor | count | INSERT INTO authors (name, bio) VALUES ($1, $2) | 1 name, 2 bio',
      'sqlc | Import | nothing | INSERT INTO authors (name) VALUES ($1) | 1',
    ])
  })

  it.each([
    ['one', 'one row'],
    ['many', 'rows'],
    ['exec', 'nothing'],
    ['execresult', 'count'],
    ['batchone', 'one row'],
    ['batchmany', 'rows'],
    ['batchexec', 'nothing'],
  ])('says with :%s that the caller expects: %s', async (command, expects) => {
    const [query] = await queriesIn(`-- name: X :${command}\nSELECT 1`)
    expect(query).toMatchObject({ style: 'sqlc', name: 'X', expects })
  })
})

describe('PgTyped', () => {
  it('has names and parameters in comments', async () => {
    const text = `/* @name FindUsers */
SELECT id, name AS "name!" FROM users WHERE id = :id! AND (:name::text IS NULL OR name = :name);

/*
  @name AddUsers
  @param users -> ((name, age)...)
  @param ids -> (...)
*/
INSERT INTO users (name, age) VALUES :users ON CONFLICT DO NOTHING RETURNING id IN :ids;

/**
 * @name AddUser
 * @param user -> (name, age!)
 */
INSERT INTO users (name, age) VALUES :user;
`
    expect(await short(text)).toEqual([
      'PgTyped | FindUsers | - | SELECT id, name AS "name!" FROM users WHERE id = $1 AND ($2::text IS NULL OR name = $2) | 1 id, 2 name',
      'PgTyped | AddUsers | - | INSERT INTO users (name, age) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id IN ($3) | 1 users.name list, 2 users.age list, 3 ids list',
      'PgTyped | AddUser | - | INSERT INTO users (name, age) VALUES ($1, $2) | 1 user.name, 2 user.age',
    ])
  })
})

describe('named SQL', () => {
  it('of aiosql and yesql has a mark behind the name', async () => {
    const text = `-- name: all-users
-- Everybody.
SELECT * FROM users
-- name: user(id)^
SELECT * FROM users WHERE id = :id;
-- name: count$
SELECT count(*) FROM users;
-- name: rename!
UPDATE users SET name = :name WHERE id = ?;
-- name: add<!
INSERT INTO users (name) VALUES (:name) RETURNING id;
-- name: add-many*!
INSERT INTO users (name) VALUES (:name)
`
    expect(await short(text)).toEqual([
      'named SQL | all-users | rows | SELECT * FROM users | ',
      'named SQL | user | one row | SELECT * FROM users WHERE id = $1 | 1 id',
      'named SQL | count | one row | SELECT count(*) FROM users | ',
      'named SQL | rename | count | UPDATE users SET name = $1 WHERE id = $2 | 1 name, 2',
      'named SQL | add | one row | INSERT INTO users (name) VALUES ($1) RETURNING id | 1 name',
      'named SQL | add-many | count | INSERT INTO users (name) VALUES ($1) | 1 name',
    ])
  })

  it('of HugSQL has commands behind the name', async () => {
    const text = `-- :name user-by-id :? :1
-- :doc Gets one.
SELECT * FROM users WHERE id = :user-id AND kind IN (:v*:kinds)

-- :name- add-user :! :n
INSERT INTO users (name) VALUES (:name)

/* :name all :? :* */
SELECT * FROM users

-- :snip fragment
name = :name
`
    expect(await short(text)).toEqual([
      'named SQL | user-by-id | one row | SELECT * FROM users WHERE id = $1 AND kind IN ($2) | 1 user-id, 2 kinds list',
      'named SQL | add-user | count | INSERT INTO users (name) VALUES ($1) | 1 name',
      'named SQL | all | rows | SELECT * FROM users | ',
    ])
  })

  it('of HugSQL that is put together is not checked', async () => {
    const text = `-- :name sorted :?
SELECT * FROM users ORDER BY :i:column
-- :name some :?
SELECT * FROM users
--~ (when (:id params) "WHERE id = :id")
-- :name all
SELECT * FROM users
`
    const { queries, limits } = await foundIn({ 'q.sql': text })
    expect(queries.map(({ name }) => name)).toEqual(['all'])
    expect(limits.map(shown)).toEqual([
      '2: The query sorted is not checked: :i:column stands for a part of the SQL that is not known here.',
      '4: The query some is not checked: an expression in its comments puts it together at run time.',
    ])
  })
})

describe('plain SQL', () => {
  it('is what the configuration names: statements without names', async () => {
    const text = `\\set ON_ERROR_STOP on
\\set day '2026-01-01'
SELECT 1 WHERE $1 = 2;

SELECT * FROM orders
 WHERE placed_at > :'day' AND id = :id; SELECT data ? 'k' FROM orders WHERE id = ?;
`
    expect(await short(text, 'reports/daily.sql')).toEqual([
      'plain SQL | reports/daily.sql:3 | - | SELECT 1 WHERE $1 = 2 | 1',
      'plain SQL | reports/daily.sql:5 | - | SELECT * FROM orders WHERE placed_at > $1 AND id = $2 | 1 day, 2 id',
      "plain SQL | reports/daily.sql:6 | - | SELECT data ? 'k' FROM orders WHERE id = $1 | 1",
    ])
  })

  it('is not looked for by convention, nor is a dump with names in comments', async () => {
    const dump =
      '-- Name: users; Type: TABLE; Schema: public\nSELECT 1;\n-- name: the name of the user\nSELECT 2;'
    expect(await foundIn({ 'a.sql': 'SELECT 1', 'dump.sql': dump })).toEqual({ queries: [], limits: [] })
  })

  it('says once which statements are no queries, and which commands of psql matter', async () => {
    const text = `BEGIN;
SET search_path = shop;
CREATE TABLE t ();
SELECT 1;
SELECT 2 AS a INTO b;
\\i other.sql
COMMIT;`
    const { queries, limits } = await foundIn({ 'a.sql': text }, { files: ['*.sql'] })
    expect(queries.map(({ sql }) => sql)).toEqual(['SELECT 1'])
    expect(limits.map(shown)).toEqual([
      '1: a.sql holds 5 statements that are no queries (BEGIN, SET, CREATE TABLE, SELECT … INTO, COMMIT); they are not checked.',
      '6: The psql command \\i is not understood; what it does is missing.',
    ])
  })
})

describe('the statements of a file', () => {
  it('are queries of their own when they share a name', async () => {
    const text = '-- name: a :exec\nDELETE FROM t; DELETE FROM u;\n-- name: a :exec\nDELETE FROM v'
    expect((await queriesIn(text)).map(({ name, sql }) => [name, sql])).toEqual([
      ['a', 'DELETE FROM t'],
      ['a#2', 'DELETE FROM u'],
      ['a#3', 'DELETE FROM v'],
    ])
  })

  it.each(['SELECT 1', 'VALUES (1)', 'TABLE t', 'WITH a AS (SELECT 1) SELECT', '(SELECT 1)', 'CALL p()'])(
    'are queries: %s',
    async (sql) => {
      expect(await queriesIn(`-- name: a :exec\n${sql}`)).toMatchObject([{ sql }])
    },
  )

  it.each(['INSERT INTO t DEFAULT VALUES', 'MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE'])(
    'are queries: %s',
    async (sql) => {
      expect(await queriesIn(`-- name: a :exec\n${sql}`)).toMatchObject([{ sql }])
    },
  )

  it('that cannot be parsed leave the others alone', async () => {
    const text = `-- name: a :one
SELEC 1;
-- name: b :one
SELECT 1 FROM;
-- name: c :one
SELECT 1;
-- name: d :one
SELECT 'never ends;
-- name: e :one
SELECT 2;`
    const { queries, limits } = await foundIn({ 'q.sql': text })
    expect(queries.map(({ name }) => name)).toEqual(['c', 'e'])
    expect(limits.map(shown)).toEqual([
      '2: The query a is not checked: syntax error at or near "SELEC".',
      '4: The query b is not checked: syntax error at end of input.',
      '8: A string literal that begins here never ends.',
    ])
    expect(new Set(limits.map(({ code }) => code))).toEqual(new Set(['query-not-checked']))
  })

  it('stand where their first and last words stand, with the lines around them', async () => {
    const text =
      "-- name: a :one\r\n  /* é😀 */ SELECT 'é😀' -- more\r\n  , 2 ; -- end\r\n-- name: b :one\r\nSELECT @x FROM t\r\n"
    const [first, second] = await queriesIn(text)
    const { start, end } = first?.span ?? { start: undefined, end: undefined }
    expect([start?.line, start?.column, end?.line, end?.column]).toEqual([2, 13, 3, 6])
    expect(text.slice(start?.offset, end?.offset)).toBe(first?.sql)
    expect(first?.text).toBe("  /* é😀 */ SELECT 'é😀' -- more\r\n  , 2 ; -- end")
    expect(second?.text).toBe('SELECT @x FROM t')
    expect(text.slice(second?.span?.start.offset, second?.span?.end.offset)).toBe('SELECT @x FROM t')
  })

  it('have trees of the SQL that Postgres gets', async () => {
    const [query] = await queriesIn('-- name: a :one\nSELECT * FROM t WHERE a = @long_name AND b')
    expect(query).toMatchObject({ tag: 'SelectStmt', node: { fromClause: [{ RangeVar: { relname: 't' } }] } })
    expect(JSON.stringify(query?.node)).toContain('"ParamRef":{"number":1')
  })
})

describe('allow comments', () => {
  it('count for the query below or around them', async () => {
    const text = `-- pgrehearse-allow ban-a: nobody minds
-- name: a :one
-- pgrehearse-allow ban-b until 2027-01-31: soon
SELECT 1
-- pgrehearse-allow ban-c: inside
  , 2;
-- name: b :one
SELECT 1;
-- pgrehearse-allow ban-d
-- name: c :one
SELECT 1;
-- pgrehearse-allow ban-e: of nothing`
    const queries = await queriesIn(text)
    expect(
      queries.map(({ allows = [] }) =>
        allows.map(({ ruleId, reason, until, span }) => [span.start.line, ruleId, reason, until]),
      ),
    ).toEqual([
      [
        [1, 'ban-a', 'nobody minds', undefined],
        [3, 'ban-b', 'soon', '2027-01-31'],
        [5, 'ban-c', 'inside', undefined],
      ],
      [],
      [[9, 'ban-d', '', undefined]],
    ])
  })

  it('that cannot be read are said', async () => {
    expect(await limitsIn('-- pgrehearse-allow this please\n-- name: a :one\nSELECT 1')).toEqual([
      '1: This comment accepts nothing, because it cannot be read: pgrehearse-allow this please',
    ])
  })
})
