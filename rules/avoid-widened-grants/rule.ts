import { defineRule, displayName, grantsOf, routineChanges, type RoutineChange } from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-widened-grants',
  title: 'Avoid rights for everybody, and roles above all rights',
  severity: 'warning',
  since: '0.1.0',
  preset: 'security',
  messages: {
    public: ({ rights, objects }: { rights: string; objects: string }) =>
      `Every role of the server, now and later, gets ${rights} on ${objects}.`,
    grantOption: ({ rights, objects }: { rights: string; objects: string }) =>
      `Others decide from now on who gets ${rights} on ${objects}.`,
    defaults: ({ rights, objects }: { rights: string; objects: string }) =>
      `Every role of the server gets ${rights} on ${objects} that nobody has made yet.`,
    role: ({ role, rights }: { role: string; rights: string }) =>
      `No other right stops ${role}: it gets ${rights}.`,
    definer: ({ name }: { name: string }) =>
      `Every role of the server may call ${name}, which runs with its owner’s rights.`,
  },
  statement({ statement, report }) {
    for (const { kind, rights, objects } of grantsOf(statement)) {
      report(
        kind,
        { rights, objects, role: objects },
        {
          on: objects,
          because: [],
          remedy: {
            summary:
              kind === 'role'
                ? 'Give it the rights that it needs, one by one.'
                : 'Give the right to a role of its own, and roles to those who need it.',
            migrations: [],
          },
        },
      )
    }
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    for (const { routine } of routineChanges(schema).filter(isOpened)) {
      const at = causeOf({ kind: routine.kind, schema: routine.schema, name: routine.name })
      if (at === undefined) continue
      const name = displayName(routine)
      report(
        'definer',
        { name },
        {
          on: name,
          at,
          because: [],
          evidence: 'schema',
          remedy: {
            summary: 'Add REVOKE EXECUTE ON FUNCTION … FROM PUBLIC, and GRANT it to those who need it.',
            migrations: [],
          },
        },
      )
    }
  },
})

/** Now everybody may have it run as its owner, and before not. */
function isOpened({ routine, before }: RoutineChange): boolean {
  const isOpen = (one: RoutineChange['routine'] | undefined): boolean =>
    one?.isSecurityDefiner === true &&
    one.grants?.some(({ grantee, privileges }) => grantee === 'PUBLIC' && privileges.includes('EXECUTE')) ===
      true
  return isOpen(routine) && !isOpen(before) && routine.returns?.endsWith('trigger') !== true
}
