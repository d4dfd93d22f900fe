import { describe, expect, it } from 'vitest'
import type { EvidencedEffect, Finding, StatementResult } from '../../src/core/model.ts'
import { standInLimits, withStandInNotes, type StandIns } from '../../src/rehearsal/stand-in-notes.ts'

const place = (line: number, offset: number, length: number) => ({
  file: 'a.sql',
  start: { line, column: 1, offset },
  end: { line, column: length + 1, offset: offset + length },
})

const sql = ['create index on items (v);', 'drop table orders;', 'create index on x using hnsw (v);']
const statements = sql.map((text, index) => ({
  statement: { sql: text, span: place(index + 1, index * 100, text.length) },
})) as unknown as readonly StatementResult[]

function finding(index: number, because: readonly EvidencedEffect[], object = ''): Finding {
  return { because, object, notes: ['before'], span: statements[index]?.statement.span } as unknown as Finding
}

function lockOf(name: string, table?: string): EvidencedEffect {
  const relation = { kind: 'table', schema: 'public', name, ...(table === undefined ? {} : { table }) }
  return { kind: 'lock', relation } as unknown as EvidencedEffect
}

const standIns: StandIns = {
  extensions: ['postgis', 'vector'],
  uses: [
    { extension: 'vector', schema: 'public', name: 'items', isNamed: true },
    { extension: 'vector', schema: 'public', name: 'items_v_idx', isNamed: false },
    { extension: 'postgis', schema: 'public', name: 'places', isNamed: true },
    { extension: 'postgis', schema: 'public', name: 'items', isNamed: true },
  ],
}

const notesOf = (one: Finding): readonly string[] => withStandInNotes(one, standIns, statements).notes

describe('a finding', () => {
  it('names the stand-ins that its relations have to do with', () => {
    expect(notesOf(finding(1, [lockOf('places')]))).toEqual([
      'before',
      'postgis is a stand-in of ours here, so what its types, indexes and functions do was not measured.',
    ])
    expect(notesOf(finding(1, [lockOf('some_idx', 'public.items')])).at(-1)).toMatch(
      /^postgis and vector are/,
    )
    expect(notesOf(finding(1, [], 'public.places')).at(-1)).toMatch(/^postgis is/)
  })

  it('names those that its statement names', () => {
    expect(notesOf(finding(2, [lockOf('x')])).at(-1)).toMatch(/^vector is/)
  })

  it('stays as it is otherwise, and without stand-ins', () => {
    expect(notesOf(finding(1, [lockOf('orders')]))).toEqual(['before'])
    const none: StandIns = { extensions: [], uses: [] }
    expect(withStandInNotes(finding(2, []), none, statements).notes).toEqual(['before'])
  })
})

describe('the limit', () => {
  it('names the stand-ins and the tables that use them', () => {
    expect(standInLimits({ extensions: [], uses: [] })).toEqual([])
    const [limit] = standInLimits(standIns)
    expect(limit?.message).toContain('postgis and vector are stand-ins of ours here')
    expect(limit?.message).toContain('Used by public.items and public.places.')
  })

  it('says so where nothing uses one', () => {
    expect(standInLimits({ extensions: ['http'], uses: [] })[0]?.message).toContain('No table uses it.')
  })
})
