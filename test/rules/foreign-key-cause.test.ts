import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { lintExample, loadExample } from './run-example.ts'

beforeAll(loadParser)

const ruleId = 'require-index-for-foreign-key'
const setup = `CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE shops (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, "User" bigint, shop bigint, note text);`

/** `line column` of each finding. */
function lines(text: string): readonly string[] {
  const example = loadExample(ruleId, 'bad.sql', { file: `rules/${ruleId}/bad.sql`, text, setup })
  return lintExample(example)
    .filter((finding) => finding.ruleId === ruleId)
    .map(({ span, message }) => `${span.start.line} ${/begins with (.+)\.$/.exec(message)?.[1]}`)
}

describe('a foreign key without an index is told at the statement that added it', () => {
  test('two without a name', () => {
    const sql = `ALTER TABLE orders ADD FOREIGN KEY ("User") REFERENCES users;
ALTER TABLE orders ADD FOREIGN KEY (shop) REFERENCES shops;`
    expect(lines(sql)).toEqual(['1 User', '2 shop'])
  })

  test('two without a name on one column', () => {
    const sql = `ALTER TABLE orders ADD FOREIGN KEY (shop) REFERENCES shops ON DELETE CASCADE;
ALTER TABLE orders ADD FOREIGN KEY (shop) REFERENCES users;`
    expect(lines(sql)).toEqual(['1 shop', '2 shop'])
  })

  test('not where it is validated, nor where a comment or a literal has its name', () => {
    const sql = `ALTER TABLE orders ADD CONSTRAINT "to user" FOREIGN KEY ("User") REFERENCES users NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT "to user";
ALTER TABLE orders ADD COLUMN more text DEFAULT 'to user'; -- REFERENCES users ("User")`
    expect(lines(sql)).toEqual(['1 User'])
  })

  test('renamed later, and added inside a DO block', () => {
    const sql = `DO $$ BEGIN
  ALTER TABLE orders ADD CONSTRAINT early FOREIGN KEY (shop) REFERENCES shops;
END $$;
ALTER TABLE orders ADD COLUMN more text;
ALTER TABLE orders RENAME CONSTRAINT early TO late;`
    expect(lines(sql)).toEqual(['1 shop'])
  })
})
