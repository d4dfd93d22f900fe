import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Production } from '../../src/core/production.ts'
import type { QueryCatalog } from '../../src/core/query-catalog.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { predictSchema } from '../../src/predict/index.ts'
import { predictedCatalog } from '../../src/query-catalog/predicted-catalog.ts'
import { readQueryCatalog } from '../../src/query-catalog/read-query-catalog.ts'
import { expressionKeyOf } from '../../src/sql/expression-key.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { connected } from '../../src/replay/stage.ts'
import { migration } from './laboratory.ts'
import { majors, openMajor } from './servers.ts'

const schema = `
CREATE SCHEMA billing;
CREATE TABLE customers (id bigint PRIMARY KEY, email varchar(200) NOT NULL UNIQUE, name text, tags text[]);
CREATE TABLE billing.invoices (
  id bigserial NOT NULL,
  customer_id bigint REFERENCES customers,
  issued_on date,
  PRIMARY KEY (id, issued_on),
  amount numeric(12, 2),
  data jsonb,
  UNIQUE (customer_id, issued_on)
) PARTITION BY RANGE (issued_on);
CREATE TABLE customers_archive (LIKE customers INCLUDING ALL);
CREATE INDEX customers_lower_idx ON customers (lower(email));
CREATE INDEX customers_name_idx ON customers (name text_pattern_ops DESC, id) INCLUDE (tags);
CREATE INDEX customers_tags_idx ON customers USING gin (tags) WHERE name IS NOT NULL;
CREATE INDEX customers_word_idx ON customers ((split_part(email, '@', 1)), (id + 1));
CREATE VIEW everybody AS SELECT id, name FROM customers;
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(amount) AS total FROM billing.invoices GROUP BY 1;
CREATE UNIQUE INDEX totals_idx ON totals (customer_id);
ALTER TABLE customers RENAME COLUMN name TO full_name;
ALTER TABLE customers ALTER COLUMN full_name SET NOT NULL;
`
const production: Production = {
  sources: [],
  settings: {},
  tables: [
    { schema: 'public', name: 'customers', rows: 7, from: 'snapshot' },
    { schema: 'billing', name: 'invoices', rows: 9_000_000, from: 'snapshot' },
  ],
}

/** What both know: the files tell neither the columns of views nor partitions' names of indexes. */
function comparable({ tables, searchPath }: QueryCatalog): unknown {
  const compared = tables.map(({ columns, indexes, ...table }) => ({
    ...table,
    columns: table.kind === 'view' || table.kind === 'materialized view' ? [] : columns,
    indexes: indexes
      .map(({ keys, predicate, ...index }) => ({
        ...index,
        isPartial: predicate !== undefined,
        keys: keys.map(({ expression, ...key }) => ({
          ...key,
          ...(expression === undefined ? {} : { expression: expressionKeyOf(expression) }),
        })),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }))
  const name = (table: (typeof compared)[number]): string => `${table.schema}.${table.name}`
  return { searchPath, tables: compared.toSorted((a, b) => (name(a) < name(b) ? -1 : 1)) }
}

beforeAll(loadParser)

let server: PostgresServer | undefined
afterAll(() => server?.[Symbol.asyncDispose]())

test.each(majors)('what the files tell is what PostgreSQL %i has', async (major) => {
  await server?.[Symbol.asyncDispose]()
  server = await openMajor(major)
  const database = await server.createDatabase()
  await using admin = await connected(server, database)
  await admin.client.query('SET search_path = public')
  await admin.client.query(schema)
  await admin.client.query('SET search_path = pg_catalog')
  const read = await readQueryCatalog(admin.client, production)
  const predicted = predictedCatalog(
    predictSchema({ history: [migration(schema, 'statement')], review: [], timeZone: 'UTC' }),
    production,
  )
  expect(comparable(read)).toEqual(comparable(predicted))
  const customers = read.tables.find(({ name }) => name === 'customers')
  expect(customers?.rows).toBe(7)
  expect(customers?.columns[2]).toEqual({ name: 'full_name', type: 'text', notNull: true })
  const totals = read.tables.find(({ name }) => name === 'totals')
  expect(totals?.columns.map(({ name }) => name)).toEqual(['customer_id', 'total'])
  await admin.client.query(`ALTER DATABASE "${database}" SET search_path = billing, "$user", public`)
  expect((await readQueryCatalog(admin.client)).searchPath).toEqual(['billing', 'public'])
})
