import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { lintExample, loadExample } from './run-example.ts'

beforeAll(loadParser)

/** What a rule says of `text` on its own setup, each `messageId severity: message`. */
function said(ruleId: string, text: string, setup?: string): readonly string[] {
  const file = `rules/${ruleId}/bad.sql`
  const example = loadExample(ruleId, 'bad.sql', { file, text, ...(setup === undefined ? {} : { setup }) })
  return lintExample(example)
    .filter((finding) => finding.ruleId === ruleId)
    .map(({ messageId, severity, message }) => `${messageId} ${severity}: ${message}`)
}

describe('ban-disabled-trigger, of what our role may not do in a rehearsal', () => {
  test('all triggers: the keys of both sides, and the constraint trigger, are errors', () => {
    expect(said('ban-disabled-trigger', 'ALTER TABLE orders DISABLE TRIGGER ALL;')).toEqual([
      'staysOff error: Whatever is written to orders from now on goes past the triggers touch and audit, which this leaves disabled.',
      'keyUnchecked error: Rows that break the foreign key orders_customer_fkey can be written through orders from now on, and nothing finds them later: the triggers that check it are left disabled.',
    ])
    expect(said('ban-disabled-trigger', 'ALTER TABLE customers DISABLE TRIGGER ALL;')).toEqual([
      'keyUnchecked error: Rows that break the foreign key orders_customer_fkey can be written through customers from now on, and nothing finds them later: the triggers that check it are left disabled.',
    ])
  })

  test('all triggers and back', () => {
    const sql = 'ALTER TABLE orders DISABLE TRIGGER ALL;\nALTER TABLE orders ENABLE TRIGGER ALL;'
    expect(said('ban-disabled-trigger', sql)).toEqual([])
  })
})

describe('avoid-lost-table-properties, of names and what is meant to go', () => {
  const rule = 'avoid-lost-table-properties'
  const setup = `CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 1);
    ALTER TABLE t ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON t USING (n = 1);`

  test('row security that is given back two files later', () => {
    const sql = `DROP TABLE t;\nCREATE TABLE t (id bigint PRIMARY KEY, n int);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;\nCREATE POLICY own ON t USING (n = 1);`
    expect(said(rule, sql, setup)).toEqual([])
  })

  test('columns of a table that is written anew are what its author wrote', () => {
    const sql = 'DROP TABLE t;\nCREATE TABLE t (id bigint, n int);\nALTER TABLE t ENABLE ROW LEVEL SECURITY;'
    expect(said(rule, sql, setup)).toEqual([
      'losesProperties warning: t is left without the policy own: it was made anew, and what the old one had does not come with its name.',
    ])
  })

  test('one that is swapped in is to have all of them', () => {
    const sql = `CREATE TABLE u (id bigint, n int);\nALTER TABLE u ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON u USING (n = 1);\nDROP TABLE t;\nALTER TABLE u RENAME TO t;`
    expect(said(rule, sql, setup)).toEqual([
      'losesProperties warning: t is left without the primary key t_pkey, NOT NULL of id, NOT NULL of n and the default of n: it was made anew, and what the old one had does not come with its name.',
    ])
  })

  test('a table that only got another name', () => {
    expect(said(rule, 'ALTER TABLE t RENAME TO u;\nALTER TABLE u RENAME TO t;', setup)).toEqual([])
  })
})
