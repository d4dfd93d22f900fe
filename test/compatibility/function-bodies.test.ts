import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { functionBodies } from '../../src/compatibility/function-bodies.ts'
import type { Limit } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { readQueryCatalog } from '../../src/query-catalog/read-query-catalog.ts'
import { connected } from '../../src/replay/stage.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors } from '../postgres/servers.ts'
import { openMajor } from '../replay/servers.ts'
import { withStage } from './laboratory.ts'

const setup = `
CREATE SCHEMA billing;
CREATE TABLE billing.lines (id bigint PRIMARY KEY, invoice_id bigint, unit_cents integer, note text);
CREATE TABLE other (id bigint PRIMARY KEY, unit_cents integer);
CREATE FUNCTION billing.total(i bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT sum(unit_cents) FROM billing.lines WHERE invoice_id = i);
END $$;
CREATE FUNCTION billing.notes(i bigint) RETURNS text LANGUAGE sql AS 'SELECT note FROM billing.lines WHERE id = i';
CREATE FUNCTION billing.round_cents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.unit_cents := NEW.unit_cents / 5 * 5;
  RETURN NEW;
END $$;
CREATE TRIGGER round_cents BEFORE INSERT ON billing.lines FOR EACH ROW EXECUTE FUNCTION billing.round_cents();
CREATE FUNCTION unrelated() RETURNS bigint LANGUAGE sql AS 'SELECT sum(unit_cents) FROM other';
`

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  function limitsOf(...review: readonly string[]): Promise<readonly Limit[]> {
    return withStage(server, { setup, review }, async ({ before, after }) => {
      await using old = await connected(server, before)
      await using now = await connected(server, after)
      const [was, is] = [await readQueryCatalog(old.client), await readQueryCatalog(now.client)]
      return await functionBodies(now.client, was, is)
    })
  }

  test('functions and trigger functions that name what is gone are said, others are not', async () => {
    const limits = await limitsOf('ALTER TABLE billing.lines RENAME unit_cents TO unit_price_cents;')
    expect(
      limits.map(({ message }) => /function (\S+) seems to name (\S+),/.exec(message)?.slice(1)),
    ).toEqual([
      ['billing.round_cents', 'billing.lines.unit_cents'],
      ['billing.total', 'billing.lines.unit_cents'],
    ])
  })

  test('a function that the migration mends is not said', async () => {
    const limits = await limitsOf(`
      ALTER TABLE billing.lines RENAME note TO remark;
      CREATE OR REPLACE FUNCTION billing.notes(i bigint) RETURNS text LANGUAGE sql
        AS 'SELECT remark FROM billing.lines WHERE id = i';`)
    expect(limits).toEqual([])
  })

  test('nothing is said when nothing goes away', async () => {
    expect(await limitsOf('ALTER TABLE billing.lines ADD COLUMN paid boolean;')).toEqual([])
  })
})
