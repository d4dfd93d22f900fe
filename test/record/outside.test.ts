import { beforeAll, describe, expect, it } from 'vitest'
import { bookOf } from '../../src/record/book.ts'
import { isMigrationFile, readCandidates } from '../../src/record/migration-files.ts'
import { outsideLimit } from '../../src/record/outside.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from './made-up.ts'

beforeAll(loadParser)

const path = 'shop/migrations/0001_initial.py'

/** Django, with an app of its own in front of the project's. */
function book(fromNothing: boolean, paths: readonly string[], fails = false) {
  const applied = (app: string): string =>
    `INSERT INTO django_migrations (app, name, applied) VALUES ('${app}', '0001_initial', now())`
  const statements = recorded([
    fails ? { sql: 'create table auth_user (id int)', fails: '42P07' } : 'create table auth_user (id int)',
    applied('auth'),
    'create table shop_order (id int)',
    applied('shop'),
  ])
  const end = { code: 0, signal: null, tooLong: false }
  return bookOf(
    { command: 'migrate', end, output: [], statements, connections: 1, limits: [] },
    {
      files: paths.map((one) => ({ path: one, text: '' })),
      underReview: paths,
      failed: fails ? statements[0] : undefined,
      title: 'migrate',
      fromNothing,
    },
  )
}

/** What is judged. */
function judged({ chapters, own }: ReturnType<typeof book>): readonly string[] {
  return chapters.flatMap(({ statements }) => statements.filter((one) => !own.has(one)).map(({ sql }) => sql))
}

describe('migrations outside of the project', () => {
  it('are not under review where they are among what an empty database begins with', () => {
    const made = book(true, [path])
    expect(judged(made)).toEqual(['create table shop_order (id int)'])
    expect(made.outside).toEqual(['auth.0001_initial'])
  })

  it('are under review by their names where they are new, and where nothing is the project’s', () => {
    for (const made of [book(false, [path]), book(true, [])]) {
      expect(judged(made)).toHaveLength(2)
      expect(made.outside).toEqual([])
      expect(made.transcripts[0]?.script.file).toBe('auth.0001_initial')
    }
  })

  it('are not told from what the command only looks at: whether an index is valid', () => {
    const ask =
      "select 1 from pg_class c join pg_index i on i.indexrelid = c.oid where c.relname = 'ix' and not i.indisvalid"
    const end = { code: 0, signal: null, tooLong: false }
    const statements = recorded(['select relname from pg_class', ask, 'create index ix on a (x)'])
    const made = bookOf(
      { command: 'migrate', end, output: [], statements, connections: 1, limits: [] },
      { files: [], underReview: [], failed: undefined, title: 'migrate' },
    )
    expect(made.validityLookUps).toEqual([ask])
  })

  it('are said once, Django’s by their apps', () => {
    const names = ['auth.0001_initial', 'auth.0002_more', 'sessions.0001_initial', 'core.0020_add-name']
    expect(outsideLimit('migrate', names)).toMatchObject([
      { code: 'outside-project', message: expect.stringContaining('review: auth (2), sessions, core.') },
    ])
    expect(outsideLimit('migrate', [])).toEqual([])
  })

  it('are no files of the project, where it holds its environment', () => {
    expect(
      isMigrationFile('.venv/lib/python3.11/site-packages/auth/migrations/0001_initial.py', undefined),
    ).toBe(false)
  })
})

describe('readCandidates', () => {
  it.each([
    ["class A(AppConfig):\n    name = 'shop.wagtail'\n    label = 'wagtailcore'\n", ['wagtailcore']],
    ["class A(AppConfig):\n    name = 'project.wagtail'\n", ['wagtail']],
    ['x = 1\n', undefined],
    [undefined, undefined],
  ])('knows what apps.py calls an app: %j', async (module, expected) => {
    const read = (one: string): Promise<Uint8Array | undefined> => {
      const text = one === 'wagtail/apps.py' ? module : ''
      return Promise.resolve(text === undefined ? undefined : new TextEncoder().encode(text))
    }
    const [file] = await readCandidates(['wagtail/migrations/0001_initial.py'], read)
    expect(file?.apps).toEqual(expected)
  })
})
