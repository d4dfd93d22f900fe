import {
  affectedQueries,
  defineRule,
  displayType,
  enumerate,
  nameQueries,
  verbFor,
  type QueryRef,
  type ResultChange,
  type StatementContext,
} from '../../src/rule.ts'

interface Words {
  readonly queries: string
  readonly give: string
  readonly columns: string
}

const messages = {
  losesColumn: ({ queries, give, columns }: Words) =>
    `${queries} no longer ${give} ${columns}, and code that reads it by name finds nothing.`,
  renamesColumn: ({ queries, give, columns }: Words) =>
    `${queries} ${give} ${columns}, and code that reads the old name finds nothing.`,
  changesType: ({ queries, give, columns }: Words) =>
    `${queries} ${give} values of another type: ${columns}.`,
  maybeNull: ({ queries, columns }: Words) =>
    `${queries} may give NULL in ${columns}, which running code never had to expect.`,
  movesColumns: ({ queries, give, columns }: Words) =>
    `${queries} ${give} the columns in another order (${columns}), and code that reads by position reads the wrong one.`,
  gainsColumn: ({ queries, give, columns }: Words) =>
    `${queries} ${give} ${columns} from now on, which nobody asked for by name.`,
}

type MessageId = keyof typeof messages

const kinds = {
  'column removed': 'losesColumn',
  'column renamed': 'renamesColumn',
  'type changed': 'changesType',
  'nullable now': 'maybeNull',
  'order changed': 'movesColumns',
  'column added': 'gainsColumn',
  // every caller can live with that
  'never null now': undefined,
} as const satisfies Readonly<Record<ResultChange['type'], MessageId | undefined>>

const byName =
  'Deploy code first whose queries name the columns that they need, instead of SELECT * or RETURNING *; then change the table.'

const remedies: Readonly<Record<MessageId, string>> = {
  losesColumn: byName,
  renamesColumn: `${byName} A rename is an addition first: the new name beside the old one.`,
  changesType:
    'Deploy code first that can read both types (the query can cast to one of them), or add a column of the new type beside the old one.',
  maybeNull: 'Deploy code first that expects NULL there, then let the column be NULL.',
  movesColumns: byName,
  gainsColumn: byName,
}

export default defineRule({
  id: 'avoid-changed-results',
  title: 'Avoid migrations that give running code another result',
  severity: 'warning',
  since: '0.1.0',
  messages,
  statement(context) {
    const found = (context.queries?.impacts ?? []).flatMap(({ query, effect }): readonly Changed[] =>
      effect.kind === 'result change'
        ? effect.changes.map((change) => ({ query, change, star: effect.star }))
        : [],
    )
    for (const messageId of Object.keys(messages) as MessageId[]) {
      const alike = found.filter(({ change }) => kinds[change.type] === messageId)
      if (alike.length > 0) reportAlike(context, messageId, alike)
    }
  },
})

interface Changed {
  readonly query: QueryRef
  readonly change: ResultChange
  readonly star: boolean
}

function reportAlike(
  { effects, report }: StatementContext<typeof messages>,
  messageId: MessageId,
  changed: readonly Changed[],
): void {
  const queries = changed.map(({ query }) => query)
  const columns = [...new Set(changed.map(({ change }) => wordsOf(change)))].toSorted()
  report(
    messageId,
    { queries: nameQueries(queries), give: verbFor(queries, 'give'), columns: enumerate(columns) },
    {
      on: enumerate(columns),
      because: effects.filter(({ kind }) => kind === 'catalog' || kind === 'rewrite'),
      ...(messageId === 'gainsColumn' ? { severity: 'info' as const } : {}),
      notes: changed.some(({ star }) => star) ? ['Through SELECT * or RETURNING *.'] : [],
      queries: affectedQueries(
        changed.map(({ query, change }) => ({ query, detail: wordsOf(change) })),
        'other result',
      ),
      remedy: { summary: remedies[messageId], migrations: [] },
    },
  )
}

function wordsOf(change: ResultChange): string {
  switch (change.type) {
    case 'column renamed':
      return `${change.column} as ${change.to}`
    case 'type changed':
      return `${change.column} from ${displayType(change.from)} to ${displayType(change.to)}`
    case 'order changed':
      return change.columns.join(', ')
    default:
      return change.column
  }
}
