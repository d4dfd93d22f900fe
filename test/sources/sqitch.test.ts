import { describe, expect, test } from 'vitest'
import { fillPsqlVariables } from '../../src/sources/psql-variables.ts'
import { parseSqitchConfig } from '../../src/sources/sqitch-config.ts'
import { parseSqitchPlan } from '../../src/sources/sqitch-plan.ts'
import { sqitch, sqitchFolders } from '../../src/sources/sqitch.ts'
import { treeOf } from './file-tree.ts'

const stamp = '2024-01-01T00:00:00Z Ada <ada@example.com>'

/** Each line gets a timestamp and a planner. */
function planOf(...lines: readonly string[]): string {
  return ['%project=shop', '', ...lines.map((line) => (line === '' ? '' : `${line} ${stamp}`)), ''].join('\n')
}

/** What Sqitch 1.3.1 says of the same plans was compared by hand: it deploys the first ones and refuses the others. */
describe('a plan', () => {
  test.each([
    ['a', '@v1', 'b [@v1]', 'c [a@v1 b !d]', 'd'],
    ['a', '@v1', 'a [a@v1]'],
    ['  a', '', '  @v1', '+b', 'x/y-z [other:thing]', 'ü'],
    ['a [!b]', 'b'],
  ])('is accepted: %#', (...lines) => {
    expect(parseSqitchPlan(planOf(...lines), 'sqitch.plan').problems).toEqual([])
  })

  test.each([
    ['requires what the plan does not have', ['a [zz]']],
    ['requires what comes later', ['a [b]', 'b']],
    ['requires itself', ['a [a]']],
    ['conflicts with what comes before', ['a', 'b [!a]']],
    ['conflicts with what the plan does not have', ['a [!zz]']],
    ['plans a change twice without a tag', ['a', 'b', 'a']],
    ['requires a change as of a tag that it has been reworked after', ['a', '@v1', 'a', '@v2', 'b [a@v1]']],
    ['glues dependencies to the name', ['a', 'b[a]']],
    ['has a name that ends in punctuation', ['a-']],
    ['has a name that looks like a revision', ['a~1']],
    ['has a tag before any change', ['@v1', 'a']],
    ['has a tag twice', ['a', '@v1', 'b', '@v1']],
    ['has a reserved name', ['HEAD']],
  ])('is refused when it %s', (_, lines) => {
    const { problems } = parseSqitchPlan(planOf(...lines), 'sqitch.plan')
    expect(problems.map(({ code, file }) => `${code} ${file}`)).toEqual(['refused-by-tool sqitch.plan'])
  })

  test('is refused at its line', () => {
    const text = planOf('a', 'b [zz]')
    const [problem] = parseSqitchPlan(text, 'sqitch.plan').problems
    const { start, end } = problem?.place ?? {}
    expect(start?.line).toBe(4)
    expect(text.slice(start?.offset, end?.offset)).toBe(`b [zz] ${stamp}`)
  })

  test.each([
    ['%project=x\na', 'needs a blank line'],
    ['%syntax-version=1.0.0\n\n', '%project'],
    [planOf('a') + '%uri=x\n', 'pragma'],
    ['%project=x\n\na 2024-01-01T00:00:00Z\n', 'planner'],
    ['%project=x\n\na Ada <a@b.c>\n', 'timestamp'],
  ])('is refused for %j', (text, what) => {
    expect(parseSqitchPlan(text, 'p').problems[0]?.message).toContain(what)
  })

  test('may have comments, CRLF and blanks anywhere', () => {
    const text = `%project=x\r\n# c\r\n\r\n# d\r\n a ${stamp} # n\r\n\r\n@v1 ${stamp}\r\n`
    const plan = parseSqitchPlan(text, 'p')
    expect(plan.problems).toEqual([])
    expect(plan.changes.map(({ name, line }) => `${name} ${line}`)).toEqual(['a 5'])
  })

  test('of many thousand wrong lines is refused by its first ones', () => {
    const text = planOf(...Array.from({ length: 50_000 }, (_, index) => `a${index} [zz]`))
    expect(parseSqitchPlan(text, 'p').problems).toHaveLength(20)
  })

  test('of a megabyte on one line is refused at once', () => {
    expect(parseSqitchPlan(`%project=x\n\n${'a '.repeat(500_000)}<`, 'p').problems.length).toBeGreaterThan(0)
  })
})

test('sqitch.conf is read as git reads its own', () => {
  const text =
    '[core]\n\tengine = pg ; a comment\n[Deploy "variables"]\nA = "two  words"   three # c\nb=x#y\n  c = \\"q\\"\n[x "Y"] key\n'
  expect([...parseSqitchConfig(text)].map(([key, entry]) => `${key} ${entry.key}=${entry.value}`)).toEqual([
    'core.engine engine=pg',
    'deploy.variables.a A=two  words three',
    'deploy.variables.b b=x#y',
    'deploy.variables.c c="q"',
    'x.Y.key key=true',
  ])
})

describe('psql variables', () => {
  test.each([
    ['SELECT :a, :"a", :\'a\'', "SELECT it's, \"it's\", 'it''s'"],
    ['SELECT \':a\', ":a", $$:a$$, 1::a -- :a\n/* :a */', undefined],
    ['SELECT x[1:n]', 'SELECT x[15]'],
    ['SELECT :{?a}, :{?b}', 'SELECT TRUE, FALSE'],
    ["\\set b 'x y' z\nSELECT :b", "-- \\set b 'x y' z\nSELECT x yz"],
    ['\\set b :a\nSELECT :"b"', '-- \\set b :a\nSELECT "it\'s"'],
    ['\\set c 5\n\\unset c\nSELECT x[1:c]', '-- \\set c 5\n-- \\unset c\nSELECT x[1:c]'],
    ['SELECT a := 1, f(x=>:n)', 'SELECT a := 1, f(x=>5)'],
  ])('are filled in where psql does it: %j', (text, filled = text) => {
    expect(fillPsqlVariables(text, { a: "it's", n: '5' })).toEqual({ text: filled, unresolved: [] })
  })

  test('without a value stay and are named', () => {
    const text = "GRANT a TO :role, :\"role\"; SELECT :'x', y[1:n], 'z'::text, 12:30"
    expect(fillPsqlVariables(text, {})).toEqual({ text, unresolved: ['role', 'x'] })
  })
})

describe('a project', () => {
  const root = {
    source: 'sqitch',
    dir: 'db/deploy',
    found: 'config file',
    configFile: 'sqitch.conf',
  } as const
  const conf = '[core]\n engine = pg\n top_dir = db\n[deploy "variables"]\n role = app\n'
  const files = {
    'sqitch.conf': conf,
    'db/sqitch.plan': planOf('b', 'api/a', '@v1', 'c', '@v2', 'b [b@v1]', 'missing'),
    'db/deploy/b@v1.sql': 'BEGIN; SELECT 1; COMMIT;',
    'db/deploy/b.sql': 'GRANT x TO :"role", :who;',
    'db/deploy/api/a.sql': 'SELECT 2;',
    'db/deploy/c.sql': '\u{FEFF}SELECT 3;',
    'db/deploy/stray.sql': '',
    'db/revert/b.sql': '',
    'db/verify/b.sql': '',
  }

  test('is found by sqitch.conf', async () => {
    expect(await sqitch.detect(treeOf(files))).toEqual([{ ...root, otherDirs: ['db/sqitch.plan'] }])
    const owned = await sqitchFolders(treeOf(files))
    expect(owned.map(({ dir }) => dir)).toEqual(['db/deploy', 'db/revert', 'db/verify'])
  })

  test('runs the changes of its plan, a reworked one by its older script first', async () => {
    const set = await sqitch.load(root, treeOf(files), {})
    expect(set.scripts.map(({ file, id }) => `${file} ${id}`)).toEqual([
      'db/deploy/b@v1.sql b',
      'db/deploy/api/a.sql api/a',
      'db/deploy/c.sql c',
      'db/deploy/b.sql b (reworked)',
    ])
    expect(set.scripts.map(({ text }) => text).slice(2)).toEqual(['SELECT 3;', 'GRANT x TO "app", :who;'])
    expect(set.scripts.every(({ transaction }) => transaction.mode === 'statement')).toBe(true)
    expect(set).toMatchObject({ sharesSession: false, whenOutOfOrder: { outcome: 'refused' } })
  })

  test('says what is missing and what is passed over', async () => {
    const set = await sqitch.load(root, treeOf(files), {})
    expect(set.problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
      'unresolved-placeholder db/deploy/b.sql',
      'refused-by-tool db/sqitch.plan',
    ])
    expect(set.skipped?.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
      'db/deploy/stray.sql: db/sqitch.plan does not name it',
      'db/revert/b.sql: revert and verify scripts change nothing on the way up',
      'db/verify/b.sql: revert and verify scripts change nothing on the way up',
    ])
  })

  test('takes variables from the configuration of the review too', async () => {
    const set = await sqitch.load(root, treeOf(files), { placeholders: { who: 'me', role: 'other' } })
    expect(set.scripts.at(-1)?.text).toBe('GRANT x TO "other", me;')
  })

  test('takes the likeliest tag of a script that is not there', async () => {
    const { 'db/deploy/b@v1.sql': old, ...others } = files
    const later = await sqitch.load(root, treeOf({ ...others, 'db/deploy/b@v2.sql': old }), {})
    expect(later.scripts[0]?.file).toBe('db/deploy/b@v2.sql')
    const none = await sqitch.load(root, treeOf(others), {})
    expect(none.problems[0]?.message).toContain('because there is no db/deploy/b@v2.sql')
  })

  test('cannot record the same script twice', async () => {
    const tree = treeOf({ ...files, 'db/deploy/c.sql': 'SELECT 2;' })
    const set = await sqitch.load(root, tree, {})
    expect(set.problems.map(({ message }) => message)).toContain(
      'db/deploy/c.sql is the same as db/deploy/api/a.sql, byte by byte; Sqitch deploys it and then fails to record it.',
    )
  })

  test('keeps its tables in the schema that the configuration names', async () => {
    const plain = await sqitch.load(root, treeOf(files), {})
    expect(plain.foundation?.sql).toContain('CREATE TABLE "sqitch".changes (')
    const named = { ...files, 'sqitch.conf': `${conf}[engine "pg"]\n registry = my "sqitch\n` }
    const other = await sqitch.load(root, treeOf(named), {})
    expect(other.foundation?.sql).toContain('CREATE TABLE "')
  })

  test.each([
    ['[core]\n engine = sqlite\n', []],
    ['[core]\n target = t\n[target "t"]\n uri = db:postgresql://h/d\n', ['deploy']],
    ['[core]\n engine = mysql\n[engine "pg"]\n deploy_dir = pg\n plan_file = pg.plan\n', ['pg']],
    ['[core]\n engine = pg\n deploy_dir = ../../etc\n', []],
  ])('is one for each target of Postgres: %j', async (text, dirs) => {
    const tree = treeOf({
      'sqitch.conf': text,
      'sqitch.plan': planOf('a'),
      'pg.plan': planOf('a'),
      'deploy/a.sql': '',
      'pg/a.sql': '',
    })
    expect((await sqitch.detect(tree)).map(({ dir }) => dir)).toEqual(dirs)
  })

  test('without a configuration is taken for Postgres’', async () => {
    const tree = treeOf({ 'x/sqitch.plan': planOf('a'), 'x/deploy/a.sql': '' })
    expect(await sqitch.detect(tree)).toEqual([
      { source: 'sqitch', dir: 'x/deploy', found: 'layout', otherDirs: ['x/sqitch.plan'] },
    ])
  })
})
