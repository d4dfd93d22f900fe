import { normalizeSql } from '../sql/tokens.ts'

const name = String.raw`((?:"[^"]*"|[^\s"(;]+)(?: \. (?:"[^"]*"|[^\s"(;]+))?)`

/** What a statement does, in words that make a file's name; the first that fits. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^create (?:unique )?index (?:concurrently )?(?:if not exists )?${name} on`), 'index'],
  [new RegExp(`^drop index (?:concurrently )?(?:if exists )?${name}`), 'drop'],
  [new RegExp(`^reindex .*?${name}$`), 'reindex'],
  [new RegExp(`^alter table .*? validate constraint ${name}`), 'validate'],
  [new RegExp(`^alter table .*? add constraint ${name} .*not valid$`), 'check'],
  [new RegExp(`^alter table .*? add constraint ${name}`), 'add'],
  [new RegExp(`^alter table .*? alter (?:column )?${name} set not null`), 'require'],
  [new RegExp(`^alter table (?:if exists )?(?:only )?${name}`), 'alter'],
  [new RegExp(`^create table (?:if not exists )?${name}`), 'create'],
  [new RegExp(`^update (?:only )?${name}`), 'update'],
  [new RegExp(`^delete from (?:only )?${name}`), 'delete from'],
  [new RegExp(`^insert into ${name}`), 'insert into'],
  [new RegExp(String.raw`^(?:do|call)\b.*?\bupdate\s+(?:only\s+)?${name}`, 'is'), 'backfill'],
  [new RegExp(String.raw`^(?:do|call)\b.*?\bdelete\s+from\s+(?:only\s+)?${name}`, 'is'), 'delete from'],
]

/** A few words about what the statements do, for the name of their file. */
export function titleOf(statements: readonly string[]): string {
  for (const sql of statements) {
    const words = normalizeSql(sql)
    if (/^(?:set|reset|begin|commit)\b/.test(words)) continue
    for (const [pattern, verb] of patterns) {
      const found = pattern.exec(words)?.[1]
      if (found !== undefined) return `${verb} ${found.split('.').at(-1)?.replaceAll('"', '').trim()}`
    }
    return words.split(' ').slice(0, 3).join(' ')
  }
  return 'next step'
}
