import {
  defineRule,
  enumerate,
  grouped,
  namesOfReview,
  needsQuotes,
  type ReviewedName,
  type RunStatement,
} from '../../src/rule.ts'

const snakeCase = '^[a-z_][a-z0-9_]*$'

function pattern(kind: string): { type: 'pattern'; default: string; description: string } {
  return { type: 'pattern', default: snakeCase, description: `What names of ${kind} match.` }
}

export default defineRule({
  id: 'require-naming-convention',
  title: 'Require names that follow the convention',
  severity: 'warning',
  since: '0.1.0',
  preset: 'strict',
  options: {
    table: pattern('tables and views'),
    column: pattern('columns'),
    index: pattern('indexes that belong to no constraint'),
    primaryKey: pattern('primary keys'),
    foreignKey: pattern('foreign keys'),
    unique: pattern('unique and exclusion constraints'),
    check: pattern('check constraints'),
    sequence: pattern('sequences that no column owns'),
    trigger: pattern('triggers'),
    function: pattern('functions and procedures'),
    reservedWords: {
      type: 'boolean',
      default: true,
      description: 'Whether a table or column that is called like a reserved word counts.',
    },
  },
  messages: {
    otherForm: ({ names, kind, pattern: wanted }: { names: string; kind: string; pattern: string }) =>
      `What everybody will type, ${names}, is no ${kind} name by the convention ${wanted}.`,
    needsQuotes: ({ names }: { names: string }) =>
      `Every query will have to write ${names} in double quotes.`,
  },
  run({ schema, causeOf, options, report }) {
    if (schema === undefined) return
    const found = namesOfReview(schema).flatMap((one): readonly Found[] => {
      const wanted = options[one.kind]
      const messageId = wrong(one, wanted, options.reservedWords)
      const at = messageId === undefined ? undefined : causeOf(one)
      return messageId === undefined || at === undefined ? [] : [{ ...one, messageId, wanted, at }]
    })
    for (const group of grouped(found, keyOf)) {
      const [{ messageId, kind, wanted, at }] = group
      const names = enumerate(group.map(({ name }) => (messageId === 'needsQuotes' ? `"${name}"` : name)))
      report(
        messageId,
        { names, kind: kindText(kind), pattern: wanted },
        {
          on: enumerate(group.map(({ name }) => name)),
          at,
          because: [],
          evidence: 'schema',
          remedy: { summary: 'Give another name, while nobody uses this one yet.', migrations: [] },
        },
      )
    }
  },
})

interface Found extends ReviewedName {
  readonly messageId: 'otherForm' | 'needsQuotes'
  readonly wanted: string
  readonly at: RunStatement
}

function wrong(
  { kind, name, isUsual = false }: ReviewedName,
  wanted: string,
  countsReserved: boolean,
): Found['messageId'] | undefined {
  if (isUsual && wanted === snakeCase) return undefined
  const isTyped = kind === 'table' || kind === 'column' || kind === 'function'
  if (!new RegExp(wanted, 'u').test(name)) {
    return isTyped && wanted === snakeCase && needsQuotes(name) ? 'needsQuotes' : 'otherForm'
  }
  return countsReserved && isTyped && kind !== 'function' && /^[a-z_]+$/.test(name) && needsQuotes(name)
    ? 'needsQuotes'
    : undefined
}

function keyOf({ messageId, kind, table, at }: Found): string {
  const { span } = at.statement
  return `${messageId} ${messageId === 'otherForm' ? kind : ''} ${table ?? ''} ${span.file} ${span.start.offset}`
}

function kindText(kind: ReviewedName['kind']): string {
  return kind.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
