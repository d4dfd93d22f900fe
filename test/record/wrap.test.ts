import { beforeAll, describe, expect, it } from 'vitest'
import { attribute } from '../../src/record/attribution.ts'
import { isOwn } from '../../src/record/own.ts'
import { lastingStatements } from '../../src/record/transcript.ts'
import { wrapped } from '../../src/record/wrap.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from './made-up.ts'

beforeAll(loadParser)

const files = ['m/1_a.js', 'm/2_b.js'].map((path) => ({ path, text: '' }))
const done = (name: string): string => `insert into pgmigrations (name, run_on) values ('${name}', now())`

function chaptersOf(steps: readonly string[]): readonly string[] {
  const statements = lastingStatements(recorded(steps), undefined)
  const context = { files, underReview: files.map(({ path }) => path), output: [], failed: undefined }
  const chapters = attribute(statements, context)
  const own = new Set(chapters.flatMap((one) => one.statements.filter((each) => isOwn(each, one.file))))
  return wrapped(chapters, own).map(
    (chapter) =>
      `${chapter.isOwn === true ? 'own' : (chapter.file?.path ?? '?')} ${chapter.mode ?? 'as it is'}: ${chapter.statements.length}`,
  )
}

describe('wrapped', () => {
  it('takes a transaction around each file for what the tool does, and its books for its own', () => {
    expect(
      chaptersOf([
        'create table pgmigrations (name text, run_on timestamp)',
        ...['begin', 'create table a (id int)', done('1_a'), 'commit'],
        ...['begin', 'create table b (id int)', done('2_b'), 'commit'],
        'update knex_migrations_lock set is_locked = 0',
      ]),
    ).toEqual(['own as it is: 1', 'm/1_a.js file: 2', 'm/2_b.js file: 2', 'own as it is: 1'])
  })

  it('knows one transaction around all files', () => {
    expect(
      chaptersOf([
        'begin',
        ...['create table a (id int)', done('1_a')],
        ...['create table b (id int)', done('2_b')],
        'commit',
      ]),
    ).toEqual(['m/1_a.js run: 2', 'm/2_b.js run: 2'])
  })

  it('leaves transactions that the migration itself begins where they are', () => {
    expect(
      chaptersOf(['create table a (id int)', 'begin', 'create table b (id int)', 'commit', done('1_a')]),
    ).toEqual(['m/1_a.js as it is: 4', 'own as it is: 1'])
  })
})
