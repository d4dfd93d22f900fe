import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { lintExample, loadExample } from './run-example.ts'

beforeAll(loadParser)

function remedyOf(ruleId: string, setup: string, text: string): readonly string[] {
  const example = loadExample(ruleId, 'bad.sql', { file: `rules/${ruleId}/bad.sql`, text, setup })
  const finding = lintExample(example).find((one) => one.ruleId === ruleId)
  expect(finding).toBeDefined()
  return (finding?.remedy?.migrations ?? []).map(({ sql }) => sql)
}

const forced = `CREATE TABLE t (id int PRIMARY KEY, m int, owner text);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER TABLE t FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON t USING (owner = current_user);`

test.each([
  ['avoid-table-rewrite', 'ALTER TABLE t ALTER m TYPE bigint;'],
  ['avoid-table-rewrite', 'ALTER TABLE t ADD COLUMN token uuid DEFAULT gen_random_uuid();'],
  ['ban-truncate', 'TRUNCATE t;'],
])('%s offers no batches that would leave rows behind which row security hides from the owner', (id, sql) => {
  expect(remedyOf(id, forced, sql)).toEqual([])
  expect(remedyOf(id, forced.replace('FORCE', 'NO FORCE'), sql)).not.toEqual([])
})

test('the trigger that keeps a new column current comes after those that change the old one', () => {
  const setup = `CREATE TABLE t (id int PRIMARY KEY, m int);
CREATE FUNCTION five() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.m := coalesce(NEW.m, 5); RETURN NEW; END';
CREATE TRIGGER zz BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION five();`
  const [first] = remedyOf('avoid-table-rewrite', setup, 'ALTER TABLE t ALTER m TYPE bigint;')
  expect(first).toContain('CREATE TRIGGER zz_t_m_new_current BEFORE INSERT OR UPDATE')
})
