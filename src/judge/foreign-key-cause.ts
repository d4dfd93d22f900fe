/** Which statement a foreign key is from: by what statements write, since its name may be left to Postgres. */
import type { ChangedObject, RunStatement } from '../rule.ts'
import { writtenConstraints, type WrittenForeignKey } from '../sql/foreign-keys-in.ts'

/** Code that adds it has no text that says so. */
const closeness = { touched: 1, changed: 2, other: 3, sameColumns: 4, sameReference: 5, named: 6 } as const

/**
 * How close a statement that touches the table is to its foreign key: it adds it by its name; else without one, for its
 * columns and what it references; else any; else it changes it (VALIDATE), or touches the table.
 */
export function foreignKeyCloseness({ statement }: RunStatement, wanted: ChangedObject): number {
  const { foreignKeys, changed } = writtenConstraints(statement)
  return Math.max(
    ...foreignKeys.map((key) => closenessOf(key, wanted)),
    changed.includes(wanted.name) ? closeness.changed : closeness.touched,
  )
}

/** A key that names itself otherwise is another one. */
function closenessOf(key: WrittenForeignKey, { name, foreignKey }: ChangedObject): number {
  if (key.name !== undefined) return key.name === name ? closeness.named : closeness.touched
  if (key.columns.join('\0') !== foreignKey?.columns.join('\0')) return closeness.other
  return foreignKey.references.endsWith(`.${key.referenced}`)
    ? closeness.sameReference
    : closeness.sameColumns
}

/** What the statement renamed had another name before: no effect tells of constraints in a DO block. */
export function foreignKeyNameBefore({ statement }: RunStatement, wanted: ChangedObject): ChangedObject {
  if (wanted.foreignKey === undefined) return wanted
  const renamed = writtenConstraints(statement).renamed.find(({ to }) => to === wanted.name)
  return renamed === undefined ? wanted : { ...wanted, name: renamed.from }
}
