import {
  defineRule,
  displayKey,
  displayName,
  displayType,
  foreignKeyObject,
  fullNameOf,
  integerBytes,
  newConstraints,
  type CatalogTable,
  type SchemaCatalog,
} from '../../src/rule.ts'

interface Words {
  readonly column: string
  readonly type: string
  readonly referenced: string
  readonly referencedType: string
}

export default defineRule({
  id: 'avoid-mismatched-foreign-key',
  title: 'Avoid foreign keys between columns of different types',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    outgrows: ({ column, type, referenced, referencedType }: Words) =>
      `Writes to ${column} fail with "${type} out of range" once ${referenced} has outgrown it: ${referenced} is ${referencedType}, ${column} only ${type}.`,
    castsRows: ({ column, type, referenced, referencedType }: Words) =>
      `No index on ${column} serves the foreign key to ${referenced}: Postgres turns each ${type} into ${referencedType} to compare them.`,
  },
  run(context) {
    const { schema, report } = context
    if (schema === undefined) return
    for (const { table, constraint, hadEqual } of newConstraints(schema)) {
      const { references, columns, kind, isEnforced } = constraint
      if (kind !== 'foreign key' || references === undefined || hadEqual || !isEnforced) continue
      const target = tableOf(schema.after, references.table)
      const at = context.causeOf(foreignKeyObject(table, constraint))
      if (target === undefined || at === undefined) continue
      for (const [index, name] of columns.entries()) {
        const other = references.columns[index] ?? ''
        const [type, referencedType] = [typeOf(table, name), typeOf(target, other)]
        const messageId =
          type === undefined || referencedType === undefined ? undefined : mismatch(type, referencedType)
        if (type === undefined || referencedType === undefined || messageId === undefined) continue
        const column = `${displayName(table)}.${name}`
        const referenced = `${displayKey(references.table)}.${other}`
        report(
          messageId,
          { column, type: displayType(type), referenced, referencedType: displayType(referencedType) },
          {
            on: column,
            because: [],
            at,
            evidence: 'schema',
            remedy: { summary: `Give ${column} the type ${displayType(referencedType)}.`, migrations: [] },
          },
        )
      }
    }
  },
})

/** A type that holds fewer numbers, or one that the key's operator does not take as it is (findFkeyCast, tablecmds.c). */
function mismatch(type: string, referenced: string): 'outgrows' | 'castsRows' | undefined {
  const [bytes, other] = [integerBytes[type], integerBytes[referenced]]
  if (bytes === undefined) return undefined
  if (other !== undefined) return bytes < other ? 'outgrows' : undefined
  return /^(numeric|real$|double precision$)/.test(referenced) ? 'castsRows' : undefined
}

function tableOf({ tables }: SchemaCatalog, key: string): CatalogTable | undefined {
  return tables.find((table) => fullNameOf(table) === key)
}

function typeOf({ columns }: CatalogTable, name: string): string | undefined {
  return columns.find((column) => column.name === name)?.type
}
