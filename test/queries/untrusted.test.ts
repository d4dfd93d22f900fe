import { describe, expect, it } from 'vitest'
import type { Query } from '../../src/core/query-model.ts'
import { uniqueIds } from '../../src/queries/identity.ts'
import { pairQueries } from '../../src/queries/pair.ts'
import { foundIn, shown } from './found-in.ts'

/** Longer than any of these takes on a slow machine; what is quadratic takes minutes. */
const patienceMs = 30_000

const named = (sql: string): string => `-- name: a :one\n${sql}\n;\n-- name: z :one\nSELECT 1;\n`
const tagged = (sql: string): string => `const a = sql\`${sql}\`\nconst z = sql\`SELECT 1\`\n`

async function outcome(text: string, file: string): Promise<readonly string[]> {
  const { queries, limits } = await foundIn({ [file]: text }, file.endsWith('.sql') ? { files: ['**'] } : {})
  return [...queries.map(({ name }) => name), ...limits.map((limit) => shown(limit).slice(0, 70))]
}

const deep = 'The query a is not checked: it is nested too deeply.'

describe('SQL that nobody wrote by hand', () => {
  it.each([
    ['1 MB of IN list', `SELECT 1 WHERE a IN (${'123456,'.repeat(150_000)}1)`, ['a', 'z']],
    ['a sum of 20,000', `SELECT ${'1+'.repeat(20_000)}1`, ['z', `2: ${deep}`]],
    ['a sum of 5,000', `SELECT ${'1+'.repeat(5000)}1`, ['z', `2: ${deep}`]],
    ['a sum of 300', `SELECT ${'1+'.repeat(300)}1`, ['a', 'z']],
    [
      '5,000 subqueries',
      `${'SELECT * FROM ('.repeat(5000)}SELECT 1${') x'.repeat(5000)}`,
      ['z', expect.stringMatching(/^2: The query a is not checked: memory exhausted/)],
    ],
    [
      '100,000 question marks',
      `SELECT ${'? '.repeat(100_000)}`,
      ['z', expect.stringMatching(/^2: The query a/)],
    ],
    [
      'question marks in one word',
      `SELECT ${'?'.repeat(500_000)}`,
      ['z', expect.stringMatching(/^2: The query a/)],
    ],
    ['colons', `SELECT ${':'.repeat(500_000)}a`, ['z', expect.stringMatching(/^2: The query a/)]],
    ['60,000 parameters', `SELECT ${'$1, @a, '.repeat(30_000)} 1`, ['a', 'z']],
  ])(
    'does no harm: %s',
    async (_, sql, expected) => {
      expect(await outcome(named(sql), 'q.sql')).toEqual(expected)
    },
    patienceMs,
  )

  it.each([
    ['comments that open', '/* name: '.repeat(200_000)],
    ['comments of PgTyped that open', '/* @name a '.repeat(150_000)],
    ['stars', `/*${'*'.repeat(1_000_000)}`],
    ['blanks', `--${' '.repeat(1_000_000)}name`],
    ['line ends', '\n'.repeat(1_000_000)],
    ['semicolons', ';'.repeat(1_000_000)],
    ['dollars', '$'.repeat(1_000_000)],
    ['allow comments', '-- pgrehearse-allow a: b\n'.repeat(50_000)],
    ['quotes', `'"`.repeat(500_000)],
    ['backslashes', '\\ '.repeat(500_000)],
    ['no characters', '\ud800\udfff'.repeat(1000)],
    ['a name and blanks', `-- name: a${' '.repeat(1_000_000)}b\nselect 1;`],
    ['a parameter and blanks', `/* @name a\n@param b -> (${' '.repeat(1_000_000)}x */ select 1;`],
    ['an allow comment and blanks', `-- pgrehearse-allow${' '.repeat(1_000_000)}x\nselect 1;`],
    ['more mistakes than a call has arguments', 'selec 1;'.repeat(150_000)],
  ])(
    'ends: a file of %s',
    async (_, text) => {
      const { queries, limits } = await foundIn(
        { 'q.sql': text, 'z.ts': tagged('SELECT 2') },
        { files: ['**'] },
      )
      expect(queries.map(({ span }) => span?.file)).toContain('z.ts')
      expect(limits.length).toBeLessThanOrEqual(201)
    },
    patienceMs,
  )

  it(
    'may be many queries, of which the first are looked at',
    async () => {
      const { queries, limits } = await foundIn({ 'q.sql': 'select 1;'.repeat(150_000) }, { files: ['**'] })
      expect(queries).toHaveLength(10_000)
      expect(limits.map(shown)).toEqual([
        'More than 10000 queries were found; those behind q.sql are not looked at.',
      ])
    },
    patienceMs,
  )

  it('may fail many times, of which the first are said', async () => {
    const { limits } = await foundIn({ 'q.sql': 'selec 1;'.repeat(500) }, { files: ['**'] })
    expect(limits).toHaveLength(201)
    expect(limits.at(-1)?.message).toBe('300 more queries or files were not understood.')
  })
})

describe('SQL of many files', () => {
  it(
    'is parsed as long as there is room for its trees',
    async () => {
      const text = named(`SELECT 1 WHERE a IN (${'1,'.repeat(900_000)}1)`)
      const files = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`q${at}.sql`, text]))
      const { queries, limits } = await foundIn(files)
      expect(queries.length).toBeGreaterThan(4)
      expect(queries.length).toBeLessThan(12)
      expect(limits.at(-1)?.message).toBe('The query z is not checked: there is too much SQL before it.')
    },
    patienceMs,
  )
})

describe('sqlc.yaml that nobody wrote by hand', () => {
  const keys = Array.from({ length: 18_000 }, (_, at) => `k${at}: 1\n`).join('')
  it.each([
    ['keys', `${keys}sql: [{queries: db, engine: mysql}]`, []],
    [
      'too many keys',
      keys.repeat(10),
      ['1: sqlc.yaml is not searched for queries: it is larger than 200 kB.'],
    ],
    [
      'brackets',
      '['.repeat(100_000),
      ['1: sqlc.yaml is not searched for queries: it is neither YAML nor JSON.'],
    ],
  ])(
    'does no harm: %s',
    async (_, yaml, expected) => {
      const { limits } = await foundIn({ 'sqlc.yaml': yaml, 'db/a.sql': named('SELECT 2') })
      expect(limits.map(shown)).toEqual(expected)
    },
    patienceMs,
  )
})

describe('code that nobody wrote by hand', () => {
  it.each([
    ['an IN list of 1 MB', tagged(`SELECT 1 WHERE a IN (${'123456,'.repeat(150_000)}1)`), ['a', 'z']],
    [
      'templates in templates',
      tagged(`SELECT ${'${sql`1 + '.repeat(100)}1${'`}'.repeat(100)}`),
      ['z', '1: The query a is not checked: it is put together at run time.'],
    ],
    [
      'templates that hold each other',
      'const a = sql`SELECT ${b} ${b}`\nconst b = sql`SELECT ${a} ${a}`\nconst z = sql`SELECT 1`',
      ['z'],
    ],
    [
      'templates that double',
      `const a0 = sql\`1\`\n${Array.from({ length: 19 }, (_, at) => `const a${at + 1} = sql\`\${a${at}} + \${a${at}}\`\n`).join('')}const a = sql\`SELECT \${a19}\`\nconst z = sql\`SELECT 1\``,
      ['z', expect.stringMatching(/^\d+: The query a is not checked: it is put together/)],
    ],
    [
      'parentheses',
      `const a = ${'('.repeat(100_000)}1${')'.repeat(100_000)}; sql\`SELECT 1\``,
      [
        expect.stringMatching(
          /^1: q\.ts is not searched for queries: it (is nested too deeply|cannot be parsed)/,
        ),
      ],
    ],
    [
      'a sum',
      `const a = ${'1+'.repeat(100_000)}1; sql\`SELECT 1\``,
      [
        expect.stringMatching(
          /^1: q\.ts is not searched for queries: it (is nested too deeply|cannot be parsed)/,
        ),
      ],
    ],
    [
      'a template that many have many times',
      `const a = sql\`${'1,'.repeat(50_000)}1\`\n${Array.from({ length: 50 }, (_, at) => `const b${at} = sql\`SELECT 1${', ${a}'.repeat(1000)}\``).join('\n')}`,
      expect.arrayContaining([
        expect.stringMatching(/^2: The query b0 is not checked: the templates that it is made of/),
      ]),
    ],
    [
      '100,000 statements',
      `const a = sql\`SELECT 1${';SELECT ${x}'.repeat(100_000)}\``,
      expect.arrayContaining(['a']),
    ],
    ['expressions', `const a = sql\`SELECT 1${',${x}'.repeat(60_000)}\``, ['a']],
    [
      'blanks of PgTyped',
      `import 'pgtyped'\nconst a = sql\`SELECT 1${' ;'.repeat(300_000)}+1\``,
      [expect.stringMatching(/^2: The query a is not checked: syntax error/)],
    ],
    ['one line of many', 'x=sql`SELECT ${a}`;'.repeat(2000), expect.arrayContaining(['x', 'x#2000'])],
  ])(
    'does no harm: %s',
    async (_, code, expected) => {
      expect(await outcome(code, 'q.ts')).toEqual(expected)
    },
    patienceMs,
  )

  it(
    'has lines that are not kept whole for each of their queries',
    async () => {
      const { queries } = await foundIn({ 'q.ts': 'x=sql`SELECT ${a}`;'.repeat(1500) })
      expect(Math.max(...queries.map(({ text }) => text.length))).toBeLessThanOrEqual(20_000)
    },
    patienceMs,
  )
})

describe('ids', () => {
  it('are those of one query, whatever files and queries are called', async () => {
    const text = (...names: readonly string[]): string =>
      names.map((name) => `-- :name ${name} :?\nSELECT 1;\n`).join('')
    const found = await foundIn({
      'a.sql': text('x#b.sql#y'),
      'a.sql#x#b.sql': text('y', 'y~2'),
      'a.sql#x/b.sql': text('y', 'y~2', 'y'),
      'a.sql#x#b.sql#y.sql': text('y~2', 'y', 'y#2'),
    })
    const { queries } = pairQueries(undefined, found, [])
    expect(new Set(queries.map(({ id }) => id)).size).toBe(queries.length)
  })

  it('are not those of queries that have a number themselves', () => {
    const query = (file: string, name: string): { readonly new: Query } => {
      const start = { line: 1, column: 1, offset: 0 }
      const span = { file, start, end: start }
      return { new: { name, style: 'plain SQL', span, text: '', sql: '', parameters: [], tag: '', node: {} } }
    }
    const ids = uniqueIds([query('a', 'x#y'), query('a#x', 'y'), query('a#x', 'y~2')]).map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
  })
})

describe('pairs of many', () => {
  it(
    'are found in time',
    async () => {
      const text = Array.from({ length: 5000 }, (_, at) => `-- name: a${at} :one\nSELECT ${at};\n`).join('')
      const found = await foundIn({ 'q.sql': text })
      const { queries } = pairQueries(await foundIn({ 'q.sql': text }), found, [])
      expect(queries.filter(({ old, new: current }) => old === current)).toHaveLength(5000)
    },
    patienceMs,
  )
})

describe('spans and SQL', () => {
  const pieces = [
    ' ',
    '\n',
    '\r\n',
    "'a :b @c'",
    '$$ ? $$',
    '"x"',
    '-- :a\n',
    '/* @b */',
    'é',
    '😀',
    '(1)',
    'a',
    ', ',
  ]

  /** The same on every run. */
  function random(seed: number): () => number {
    let state = seed
    return () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state / 2_147_483_648
    }
  }

  it('agree, whatever stands there', async () => {
    const next = random(42)
    let checked = 0
    for (let run = 0; run < 400; run += 1) {
      const noise = (): string =>
        Array.from({ length: Math.floor(next() * 6) }, () => pieces[Math.floor(next() * pieces.length)]).join(
          '',
        )
      const sql = `SELECT ${noise()} AS x`
      const file = run % 2 === 0 ? 'q.sql' : 'q.ts'
      const blank = ['\n', '\r\n', '  ', '-- é\n'][run % 4] ?? ''
      const text =
        file === 'q.sql' ? `-- name: a :one\n${blank}${sql} ;\n` : `const a = sql\`${blank}${sql} ; \``
      const { queries } = await foundIn({ [file]: text })
      for (const { span, sql: found, text: lines } of queries) {
        const written = text.slice(span?.start.offset, span?.end.offset)
        // JavaScript reads line ends as line feeds, and :a is a parameter in neither
        expect(found).toBe(file === 'q.ts' ? written.replaceAll('\r\n', '\n') : written)
        const { start } = span ?? { start: undefined }
        expect(text.split('\n')[(start?.line ?? 0) - 1]?.slice((start?.column ?? 0) - 1)).toBe(
          lines.split('\n')[0]?.slice((start?.column ?? 0) - 1) +
            (lines.includes('\n') ? '' : trailing(text, start?.line)),
        )
        checked += 1
      }
    }
    expect(checked).toBeGreaterThan(50)
  })

  /** A carriage return at the end of the last line is not part of it. */
  function trailing(text: string, line = 0): string {
    return text.split('\n')[line - 1]?.endsWith('\r') === true ? '\r' : ''
  }
})
