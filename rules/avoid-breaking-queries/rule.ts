import {
  affectedQueries,
  defineRule,
  enumerate,
  nameQueries,
  stayingNotes,
  verbFor,
  type BreakEffect,
  type StatementContext,
} from '../../src/rule.ts'

interface Words {
  readonly queries: string
  readonly fail: string
  readonly what: string
}

const messages = {
  missing: ({ queries, fail, what }: Words) => `${queries} ${fail} once this commits: ${what} gone.`,
  omitsRequired: ({ queries, fail, what }: Words) =>
    `${queries} ${fail} once this commits, for every row: ${what} required then and gets no value.`,
  losesConflictTarget: ({ queries, fail }: Words) =>
    `${queries} ${fail} once this commits: no unique index or constraint is left that ON CONFLICT could use.`,
  mismatch: ({ queries, fail, what }: Words) =>
    `${queries} ${fail} once this commits, because types do not fit any more: ${what}.`,
  ambiguous: ({ queries, fail, what }: Words) =>
    `${queries} ${fail} once this commits, because a name can mean two things then: ${what}.`,
  losesRight: ({ queries, fail, what }: Words) =>
    `${queries} ${fail} once this commits: Postgres says ${what}.`,
  refused: ({ queries, fail, what }: Words) => `${queries} ${fail} once this commits: Postgres says ${what}.`,
  failsMeanwhile: ({ queries, fail, what }: Words) =>
    `${queries} ${fail} from here on until a later migration has committed: ${what}.`,
}

type MessageId = keyof typeof messages

const byReason = {
  'missing relation': 'missing',
  'missing column': 'missing',
  'missing function': 'missing',
  'missing type': 'missing',
  'type mismatch': 'mismatch',
  'ambiguous name': 'ambiguous',
  'required column omitted': 'omitsRequired',
  'conflict target lost': 'losesConflictTarget',
  permission: 'losesRight',
  other: 'refused',
} as const satisfies Readonly<Record<BreakEffect['reason'], MessageId>>

const remedies: Readonly<Record<MessageId, string>> = {
  missing:
    'Keep it for one release: deploy code that does without it first, and drop or rename it in a migration of the release after that. A rename is an addition first: the new name beside the old one, both kept in step until no code uses the old one.',
  omitsRequired:
    'Require it later: add the column nullable or with a DEFAULT, deploy code that fills it, then fill old rows and set NOT NULL in a release after that.',
  losesConflictTarget:
    'Create the unique index that new code names first, keep the old one until that code is out everywhere, and drop it in a later release.',
  mismatch:
    'Add a column of the new type beside the old one, write both, deploy code that reads the new one, and drop the old one in a later release; or give the query an explicit cast before the type changes.',
  ambiguous: 'Deploy the queries with qualified names first (orders.status instead of status), then add it.',
  losesRight: 'Keep the right until no code uses it, and revoke it in a later release.',
  refused: 'Deploy code that works with both schemas first, then change the schema.',
  failsMeanwhile:
    'Put these migrations into one transaction, so that nobody sees the schema in between; where that is not possible, deploy code that works on it first.',
}

export default defineRule({
  id: 'avoid-breaking-queries',
  title: 'Avoid migrations that running queries do not survive',
  severity: 'error',
  since: '0.1.0',
  brokenCode: 'shown',
  messages,
  statement(context) {
    const breaks = (context.queries?.impacts ?? []).flatMap(({ query, effect, stays = false }) =>
      effect.kind === 'break' && effect.when === 'old code on new schema' ? [{ query, effect, stays }] : [],
    )
    for (const messageId of Object.keys(messages) as MessageId[]) {
      const alike = breaks.filter(({ effect }) => messageFor(effect) === messageId)
      if (alike.length > 0) reportAlike(context, messageId, alike)
    }
  },
})

type Broken = Parameters<typeof affectedQueries>[0][number] & {
  readonly effect: BreakEffect
  readonly stays: boolean
}

function messageFor({ reason, until }: BreakEffect): MessageId {
  return until === undefined ? byReason[reason] : 'failsMeanwhile'
}

function reportAlike(
  { effects, report }: StatementContext<typeof messages>,
  messageId: MessageId,
  broken: readonly Broken[],
): void {
  const queries = broken.map(({ query }) => query)
  const objects = [...new Set(broken.flatMap(({ effect }) => effect.object ?? []))].toSorted()
  report(
    messageId,
    {
      queries: nameQueries(queries),
      fail: verbFor(queries, 'fail'),
      what: whatFor(messageId, broken, objects),
    },
    {
      on: enumerate(objects.map(shortName)),
      because: effects.filter(({ kind }) => kind === 'catalog' || kind === 'rewrite'),
      notes: [
        ...notesOf(broken),
        ...stayingNotes(broken.filter(({ stays, effect }) => stays && effect.until === undefined)),
      ],
      queries: affectedQueries(
        broken.map(({ query, effect }) => ({ query, detail: `${effect.sqlstate}: ${effect.message}` })),
        'fails',
      ),
      remedy: { summary: remedies[messageId], migrations: [] },
    },
  )
}

function whatFor(messageId: MessageId, broken: readonly Broken[], objects: readonly string[]): string {
  const sayings = [...new Set(broken.map(({ effect }) => effect.message))]
  const said = `“${sayings[0] ?? ''}”${sayings.length > 1 ? ` and ${sayings.length - 1} more such errors` : ''}`
  if (messageId === 'missing' || messageId === 'omitsRequired') {
    if (objects.length === 0) return 'what they name is'
    return `${enumerate(objects.map(shortName))} ${objects.length === 1 ? 'is' : 'are'}`
  }
  return said
}

function shortName(object: string): string {
  return object.replace(/^public\./, '')
}

/** How it is known, with the SQLSTATEs. */
function notesOf(broken: readonly Broken[]): readonly string[] {
  return (['measured', 'derived'] as const).flatMap((evidence) => {
    const alike = broken.filter(({ effect }) => effect.evidence === evidence)
    const states = enumerate([...new Set(alike.map(({ effect }) => effect.sqlstate))].toSorted())
    if (alike.length === 0) return []
    return evidence === 'measured'
      ? [`Postgres takes it on the schema before and refuses it on this one: SQLSTATE ${states}.`]
      : [
          `Derived from the catalogue, not tried: SQLSTATE ${states}.`,
          ...new Set(alike.flatMap(({ effect }) => effect.hint ?? [])),
        ]
  })
}
