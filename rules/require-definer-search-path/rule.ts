import {
  defineRule,
  displayName,
  routineChanges,
  type CatalogRoutine,
  type RoutineChange,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-definer-search-path',
  title: 'Require a search_path of every SECURITY DEFINER function',
  severity: 'error',
  since: '0.1.0',
  preset: 'security',
  messages: {
    missing: ({ name }: { name: string }) =>
      `Whoever calls ${name} decides with their search_path what its names mean, and it runs with its owner’s rights.`,
    writable: ({ name, schemas }: { name: string; schemas: string }) =>
      `Every role may create what ${name} then runs with its owner’s rights, in ${schemas} of its search_path.`,
    temporary: ({ name }: { name: string }) =>
      `A temporary table of the caller stands before the tables that ${name} means.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    const writable = (schema.after.schemas ?? [])
      .filter(({ grants }) => grants?.some(isCreateForAll) === true)
      .map(({ name }) => name)
    for (const change of routineChanges(schema).filter(isMade)) {
      const { routine } = change
      const path = searchPath(routine)
      const open = (path ?? []).filter((name) => writable.includes(name))
      const hasTemporary = path === undefined || path.length === 0 || path.includes('pg_temp')
      const messageId =
        path === undefined ? 'missing' : open.length > 0 ? 'writable' : hasTemporary ? undefined : 'temporary'
      const at = causeOf({ kind: routine.kind, schema: routine.schema, name: routine.name })
      if (messageId === undefined || at === undefined) continue
      const name = displayName(routine)
      report(
        messageId,
        { name, schemas: open.join(', ') },
        {
          on: name,
          at,
          because: [],
          evidence: 'schema',
          ...(messageId === 'temporary' ? { severity: 'info' as const } : {}),
          remedy: {
            summary: `Add SET search_path = pg_catalog, ${path?.find((one) => !open.includes(one) && one !== 'pg_catalog') ?? '<its own schema>'}, pg_temp to the function.`,
            migrations: [],
          },
        },
      )
    }
  },
})

function isCreateForAll({
  grantee,
  privileges,
}: {
  grantee: string
  privileges: readonly string[]
}): boolean {
  return grantee === 'PUBLIC' && privileges.includes('CREATE')
}

/** Made by the review, turned into one, or with another body or path than before. */
function isMade({ routine, before }: RoutineChange): boolean {
  if (routine.isSecurityDefiner !== true) return false
  if (before === undefined || before.isSecurityDefiner !== true) return true
  return before.body !== routine.body || before.config?.join('\n') !== routine.config?.join('\n')
}

/** The schemas, in order; undefined: the caller's. */
function searchPath({ config = [] }: CatalogRoutine): readonly string[] | undefined {
  const setting = config.find((one) => one.startsWith('search_path='))?.slice('search_path='.length)
  return setting
    ?.split(',')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
    .filter((name) => name !== '')
}
