import { describe, expect, it } from 'vitest'
import { foundIn, limitsIn, parametersOf, queriesIn, shown } from './found-in.ts'

async function short(code: string, file = 'src/a.ts'): Promise<readonly string[]> {
  return (await queriesIn(code, file)).map((query) => {
    const parameters = parametersOf(query)
    return `${query.name}: ${query.sql.replaceAll(/\s+/g, ' ')}${parameters === '' ? '' : ` [${parameters}]`}`
  })
}

describe('the values of a template', () => {
  it.each([
    ['sql`SELECT ${a}, ${b.c}, ${f(a)}, ${a + 1} FROM t`', 'SELECT $1, $2, $3, $4 FROM t', '1 a, 2 c, 3, 4'],
    [
      'sql`SELECT 1 FROM t WHERE a = ${a}::int AND b = ANY(${ids})`',
      'SELECT 1 FROM t WHERE a = $1::int AND b = ANY($2)',
      '1 a, 2 ids',
    ],
    ['sql<User[]>`SELECT 1 FROM t WHERE a = ${a as string}`', 'SELECT 1 FROM t WHERE a = $1', '1 a'],
    ['sql`SELECT 1 LIMIT ${a ?? 10}`', 'SELECT 1 LIMIT $1', '1'],
    ['sql`SELECT 1 LIMIT ${a ? 1 : 2};`', 'SELECT 1 LIMIT $1', '1'],
    ['sql`SELECT $1::int + $2`', 'SELECT $1::int + $2', '1, 2'],
    // postgres.js
    ['sql`SELECT 1 FROM t WHERE a IN ${sql(ids)}`', 'SELECT 1 FROM t WHERE a IN ($1)', '1 ids list'],
    ['sql`SELECT 1 FROM t WHERE a in (${sql(ids)})`', 'SELECT 1 FROM t WHERE a in ($1)', '1 ids list'],
    ['sql`SELECT ${sql("a")} FROM ${sql("s.t")}`', 'SELECT "a" FROM "s.t"', ''],
    ['sql`SELECT ${sql(["a", "b"])} FROM t`', 'SELECT "a", "b" FROM t', ''],
    [
      'sql`INSERT INTO t ${sql(row, "a", "b")} RETURNING *`',
      'INSERT INTO t ("a", "b") values ($1, $2) RETURNING *',
      '1 a, 2 b',
    ],
    [
      'sql`UPDATE t SET ${sql(row, ["a", "b"])} WHERE c = ${c}`',
      'UPDATE t SET "a" = $1, "b" = $2 WHERE c = $3',
      '1 a, 2 b, 3 c',
    ],
    ['sql`SELECT ${sql.json(a)}, ${sql.array(b)}`', 'SELECT $1, $2', '1 a, 2 b'],
    // Slonik
    ['sql.type(user)`SELECT ${sql.identifier(["t", "a"])} FROM t`', 'SELECT "t"."a" FROM t', ''],
    [
      'sql.unsafe`SELECT 1 FROM t WHERE a = ANY(${sql.array(ids, "int4")})`',
      'SELECT 1 FROM t WHERE a = ANY($1)',
      '1 ids',
    ],
    [
      'sql.typeAlias("id")`SELECT 1 FROM t WHERE a IN (${sql.join(ids, sql.fragment`, `)})`',
      'SELECT 1 FROM t WHERE a IN ($1)',
      '1 ids list',
    ],
    ['sql`SELECT 1 FROM t WHERE ${sql.fragment`a = ${a}`}`', 'SELECT 1 FROM t WHERE a = $1', '1 a'],
    // Drizzle, Kysely, Prisma
    ['sql`SELECT ${sql.raw("now()")}, ${sql.ref("t.a")} FROM t`', 'SELECT now(), "t.a" FROM t', ''],
    [
      'Prisma.sql`SELECT 1 FROM t WHERE a IN (${Prisma.join(ids)}) ${Prisma.empty}`',
      'SELECT 1 FROM t WHERE a IN ($1)',
      '1 ids list',
    ],
    ['prisma.$queryRaw<User[]>`SELECT 1 FROM t WHERE a = ${id}`', 'SELECT 1 FROM t WHERE a = $1', '1 id'],
    ['this.db.sql`SELECT 1 FROM t WHERE a = ${this.id}`', 'SELECT 1 FROM t WHERE a = $1', '1 id'],
    // nested
    [
      'sql`SELECT 1 FROM t WHERE a = ${a} ${sql`AND b = ${b} ${sql`AND c`}`}`',
      'SELECT 1 FROM t WHERE a = $1 AND b = $2 AND c',
      '1 a, 2 b',
    ],
  ])('%s', async (code, sql, parameters) => {
    const [query, ...others] = await queriesIn(`const x = await ${code}`, 'src/a.ts')
    expect(query?.sql.trim()).toBe(sql)
    expect(query && parametersOf(query)).toBe(parameters)
    expect(others).toEqual([])
  })

  it('may be templates of constants in the same file', async () => {
    const code = `
      const columns = sql\`id, name\`
      const active = sql\`WHERE active AND kind = \${kind}\`
      const one = () => sql\`SELECT \${columns} FROM users \${active} AND id = \${id}\`
      const rows = await sql\`SELECT id FROM users\`
      const two = () => sql\`SELECT id FROM users WHERE id = ANY(\${rows})\``
    expect(await short(code)).toEqual([
      'one: SELECT id, name FROM users WHERE active AND kind = $1 AND id = $2 [1 kind, 2 id]',
      'rows: SELECT id FROM users',
      'two: SELECT id FROM users WHERE id = ANY($1) [1 rows]',
    ])
  })

  it.each([
    'SELECT 1 FROM t ${a ? sql`WHERE a` : sql``}',
    'SELECT 1 FROM t WHERE true ${a && sql`AND a`}',
    'SELECT 1 FROM t ORDER BY ${sql.join(columns, sql`, `)}',
    'SELECT ${sql.identifier(columns)} FROM t',
    'SELECT ${sql(columns)} FROM t',
    'SELECT ${sql.raw(text)} FROM t',
    'INSERT INTO t ${sql(row)}',
    'UPDATE t SET ${sql(row)}',
    'SELECT 1 FROM t WHERE ${condition}',
    'SELECT 1 FROM t ORDER BY ${order}',
    'SELECT ${columns} FROM t',
  ])('that are no values make it a query that is put together: %s', async (text) => {
    expect(await limitsIn(`const x = sql\`${text}\``, 'src/a.ts')).toEqual([
      '1: The query x is not checked: it is put together at run time.',
    ])
  })

  it.each([
    "SELECT 'a ${a}'",
    'SELECT 1 FROM t_${a}',
    'SELECT 1 -- ${a}',
    'SELECT ${a}${b}',
    'SELECT $$${a}$$',
  ])('that stand within something else are a problem: %s', async (text) => {
    expect(await limitsIn(`const x = sql\`${text}\``, 'src/a.ts')).toEqual([
      '1: The query x is not checked: an expression stands within a string, a name or a comment of its SQL.',
    ])
  })

  it('that stand for SQL in silence fail in the parser, with a hint', async () => {
    const { limits } = await foundIn({ 'src/a.ts': 'const x = sql`SELECT 1 FROM ${table}`' })
    expect(limits).toMatchObject([
      {
        message: 'The query x is not checked: syntax error at or near "$1".',
        hint: expect.stringContaining('stands for a part of the SQL'),
      },
    ])
  })

  it('of PgTyped stand in the text', async () => {
    const code = `import { sql } from '@pgtyped/runtime'
      export const find = sql<Find>\`SELECT id FROM users WHERE id = $id! AND name IN $$names AND '$a' <> $1name\`
      export const add = sql\`INSERT INTO users (name, age) VALUES $$users(name, age) RETURNING id\`
      export const one = sql\`INSERT INTO users (name, age) VALUES $user(name, age);\``
    const broken = code.replace(' <> $1name', ' <> $name')
    expect(await short(broken)).toEqual([
      "find: SELECT id FROM users WHERE id = $1 AND name IN ($2) AND '$a' <> $3 [1 id, 2 names list, 3 name]",
      'add: INSERT INTO users (name, age) VALUES ($1, $2) RETURNING id [1 users.name list, 2 users.age list]',
      'one: INSERT INTO users (name, age) VALUES ($1, $2) [1 user.name, 2 user.age]',
    ])
  })
})

describe('the name of a template', () => {
  it('is what it is assigned to, or stands in', async () => {
    const code = `
      export const top = sql\`SELECT 1\`
      let assigned; assigned = sql\`SELECT 2\`
      export const queries = { byId: sql\`SELECT 3\`, find: (id) => sql\`SELECT 4\`, deep: { er: sql\`SELECT 5\` } }
      export async function load(id: number) { const rows = await sql\`SELECT 6\`; return sql\`SELECT 7\` }
      const arrow = async () => { for (;;) await db.sql\`SELECT 8\` }
      class Orders {
        #all = sql\`SELECT 9\`
        find(id: string) { return this.sql\`SELECT 10\` }
        static remove = async () => { await sql\`SELECT 11\` }
        #secret() { return sql\`SELECT 12\` }
      }
      exports.named = function () { return sql\`SELECT 13\` }
      export default { 'quoted-key': sql\`SELECT 14\`, method() { return sql\`SELECT 15\` } }
      sql\`SELECT 16\`; sql\`SELECT 17\`
      run(sql\`SELECT 18\`)`
    expect(await short(code)).toEqual([
      'top: SELECT 1',
      'assigned: SELECT 2',
      'queries.byId: SELECT 3',
      'queries.find: SELECT 4',
      'queries.deep.er: SELECT 5',
      'load: SELECT 6',
      'load#2: SELECT 7',
      'arrow: SELECT 8',
      'Orders.all: SELECT 9',
      'Orders.find: SELECT 10',
      'Orders.remove: SELECT 11',
      'Orders.secret: SELECT 12',
      'named: SELECT 13',
      'quoted-key: SELECT 14',
      'method: SELECT 15',
      'src/a.ts:15: SELECT 16',
      'src/a.ts:15#2: SELECT 17',
      'src/a.ts:16: SELECT 18',
    ])
  })
})

describe('a template', () => {
  it.each([
    ['id, name'],
    ['WHERE a = ${a}'],
    ['AND b'],
    ['${a}'],
    [''],
    ['CREATE TABLE t ()'],
    ['-- only a comment'],
    ['selected'],
  ])('that is no whole statement is left out: %s', async (text) => {
    expect(await foundIn({ 'a.ts': `const x = sql\`${text}\`` })).toEqual({ queries: [], limits: [] })
  })

  it.each([
    '-- find it\nSELECT 1',
    '/* a */ ((SELECT 1))',
    'with a as (select 1) select 2',
    'VALUES (1)',
    'table t',
    'insert into t default values',
    'merge into t using u on true when matched then delete',
    'call p(${a})',
  ])('is a whole statement: %s', async (text) => {
    expect(await queriesIn(`const x = sql\`${text}\``, 'a.ts')).toHaveLength(1)
  })

  it('may hold several statements, whose parameters begin at 1 each', async () => {
    expect(
      await short('const x = sql`DELETE FROM t WHERE a = ${a}; DELETE FROM u WHERE a = ${a} AND b = ${b}`'),
    ).toEqual([
      'x: DELETE FROM t WHERE a = $1 [1 a]',
      'x#2: DELETE FROM u WHERE a = $1 AND b = $2 [1 a, 2 b]',
    ])
  })

  it.each([
    ['a.ts', 'const x = <string>y; const q = sql`SELECT 1`'],
    ['a.tsx', 'const x = <p>{y}</p>; const q = sql`SELECT 1`'],
    ['a.mts', 'enum A { b }; const q = sql`SELECT 1`'],
    ['a.js', 'const x = <p>{y}</p>; const q = sql`SELECT 1`'],
    ['a.jsx', 'const x = <p>{y}</p>; const q = sql`SELECT 1`'],
    ['a.mjs', 'await y; const q = sql`SELECT 1`'],
    ['a.cjs', 'const p = require("postgres"); return; const q = sql`SELECT 1`'],
    ['a.js', '// @flow\nconst x = (y: any); type A = {| b: ?string |}; const q = sql`SELECT 1`'],
    ['a.ts', '@Injectable() class A { @Input() b = 1 }\nconst q = sql`SELECT 1`'],
    ['a.ts', 'await using a = b(); const q = sql`SELECT 1`'],
    ['a.ts', 'const a = 1; const a = 2; const q = sql\n  `SELECT 1`'],
  ])('is found in %s: %s', async (file, code) => {
    expect(await queriesIn(code, file)).toMatchObject([
      { name: 'q', style: 'tagged template', sql: 'SELECT 1' },
    ])
  })

  it('has one of the tags that the configuration names', async () => {
    const files = { 'a.ts': 'const a = sql`SELECT 1`; const b = pg`SELECT 2`; const c = db.pg<X>`SELECT 3`' }
    const found = await foundIn(files, { tags: ['pg'] })
    expect(found.queries.map(({ name }) => name)).toEqual(['b', 'c'])
  })

  it('of another language is none', async () => {
    const code =
      'const a = mysql`SELECT`; const b = gql`query`; const c = `SELECT 1`; const d = "sql`SELECT 1`"'
    expect(await foundIn({ 'a.ts': `${code}; // sql\`SELECT\`` })).toEqual({ queries: [], limits: [] })
  })

  it('with an escape that is none is said', async () => {
    expect(await limitsIn(String.raw`const x = sql${'`'}SELECT '\u{}'${'`'}`, 'a.ts')).toEqual([
      '1: The query x is not checked: it has an escape that JavaScript does not know.',
    ])
  })
})

describe('the place of a template', () => {
  const around = (code: string): Promise<readonly string[]> =>
    queriesIn(code, 'a.ts').then((queries) =>
      queries.map(({ span }) => code.slice(span?.start.offset, span?.end.offset)),
    )

  it.each([
    ['const x = sql`\n  SELECT 1\n`', 'SELECT 1'],
    ['const x = sql`\r\n  -- é😀\r\n  SELECT 1,\r\n 2;\r\n`', 'SELECT 1,\r\n 2'],
    ['const x = sql`\r\n SELECT ${a},\r\n ${b}\r\n`', 'SELECT ${a},\r\n ${b}'],
    ['const x = sql`SELECT ${ a }`', 'SELECT ${ a }'],
    [String.raw`const x = sql${'`'} SELECT '\\d', '\n' AS b ${'`'}`, String.raw`SELECT '\\d', '\n' AS b`],
    ['const x = sql`SELECT ${sql`1 + ${a}`} FROM t`', 'SELECT ${sql`1 + ${a}`} FROM t'],
  ])('is that of its SQL: %j', async (code, text) => {
    expect(await around(code)).toEqual([text])
  })

  it('comes with its lines', async () => {
    const [query] = await queriesIn('function a() {\n  return sql`\n    SELECT 1\n      FROM t`\n}\n', 'a.ts')
    expect(query?.span?.start).toMatchObject({ line: 3, column: 5 })
    expect(query?.text).toBe('    SELECT 1\n      FROM t`')
  })

  it('has the text that JavaScript reads, not what is written', async () => {
    const [query] = await queriesIn(String.raw`const x = sql${'`'}SELECT '\\d\u0041'${'`'}`, 'a.ts')
    expect(query?.sql).toBe(String.raw`SELECT '\dA'`)
  })
})

describe('allow comments of code', () => {
  it('stand above or within the template', async () => {
    const code = `
// pgrehearse-allow ban-a: above
export function a() {
  return sql\`
    -- pgrehearse-allow ban-b: within
    SELECT 1\`
}
/* pgrehearse-allow ban-c: block */
const b = sql\`SELECT 2\`
/**
 * pgrehearse-allow ban-d: documentation
 */
const c = sql\`SELECT 3\``
    const queries = await queriesIn(code, 'a.ts')
    expect(
      queries.map(({ allows = [] }) => allows.map(({ ruleId, reason }) => `${ruleId} ${reason}`)),
    ).toEqual([['ban-a above', 'ban-b within'], ['ban-c block'], ['ban-d documentation']])
  })
})

describe('code that cannot be parsed', () => {
  it('is said, and leaves other files alone', async () => {
    const { queries, limits } = await foundIn({
      'a.ts': 'const a = sql`SELECT 1`; const = {',
      'b.ts': 'const b = sql`SELECT 2`',
    })
    expect(queries.map(({ name }) => name)).toEqual(['b'])
    expect(limits.map(shown)).toEqual([
      expect.stringMatching(/^1: a\.ts is not searched for queries: it cannot be parsed: /),
    ])
  })
})
