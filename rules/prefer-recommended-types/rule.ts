import {
  defineRule,
  enumerate,
  fullNameOf,
  grouped,
  newColumns,
  type CatalogTable,
  type ColumnOfTable,
  type RunStatement,
} from '../../src/rule.ts'

interface Case extends ColumnOfTable {
  readonly messageId: keyof typeof advice
  readonly at: RunStatement
}

/** What to use instead, by message. */
const advice = {
  char: 'text, with a CHECK on its length where that matters',
  money: 'numeric, with the currency in a column of its own',
  timetz: 'timestamptz, or time where no date is known',
  timestamp: 'timestamptz',
  json: 'jsonb',
  serial: 'GENERATED ALWAYS AS IDENTITY',
  float: 'numeric, or whole cents as bigint',
  integerKey: 'bigint',
  varchar: 'text, with a CHECK on its length where that matters',
  boolean: 'NOT NULL, with a default',
}

const words = [
  'char',
  'money',
  'timetz',
  'timestamp',
  'json',
  'serial',
  'float',
  'integer-key',
  'varchar',
  'boolean',
]

export default defineRule({
  id: 'prefer-recommended-types',
  title: 'Prefer the types that are recommended for new columns',
  severity: 'info',
  since: '0.1.0',
  preset: 'strict',
  options: {
    types: {
      type: 'list',
      choices: words,
      default: words.slice(0, -2),
      description: 'Which of them count.',
    },
  },
  messages: {
    char: ({ columns }: Data) => `Every value is padded with spaces to its full length in ${columns}.`,
    money: ({ columns }: Data) => `What ${columns} holds changes its meaning with the server’s lc_monetary.`,
    timetz: ({ columns }: Data) =>
      `Without a date no offset can be told, so ${columns} means no certain time.`,
    timestamp: ({ columns }: Data) => `Without a time zone no moment can be told from ${columns}.`,
    json: ({ columns }: Data) =>
      `Every use parses the text again, and no index helps to look into ${columns}.`,
    serial: ({ columns }: Data) =>
      `Rights to the sequence have to be given besides, and anybody may write numbers of their own into ${columns}.`,
    float: ({ columns }: Data) => `Sums of money come out wrong by rounding in ${columns}.`,
    integerKey: ({ columns }: Data) => `After 2.1 billion rows no more fit into the table of ${columns}.`,
    varchar: ({ columns }: Data) => `A value that is one character too long is an error in ${columns}.`,
    boolean: ({ columns }: Data) => `Besides true and false there is a third value in ${columns}.`,
  },
  run({ schema, causeOf, options, report }) {
    if (schema === undefined) return
    const isChosen = (messageId: string): boolean =>
      options.types.includes(messageId === 'integerKey' ? 'integer-key' : messageId)
    const cases = newColumns(schema).flatMap(({ table, column }): readonly Case[] => {
      const messageId = caseOf({ table, column }, isChosen)
      const { schema: of, name } = table
      const at = causeOf({
        kind: 'column',
        schema: of,
        name: column.name,
        table: fullNameOf({ schema: of, name }),
      })
      return messageId === undefined || at === undefined ? [] : [{ table, column, messageId, at }]
    })
    for (const group of grouped(cases, keyOf)) {
      const [{ messageId, table, at }] = group
      const columns = enumerate(group.map(({ column }) => `${table.name}.${column.name}`))
      const types = enumerate([...new Set(group.map(({ column }) => column.type))])
      report(
        messageId,
        { columns },
        {
          on: columns,
          at,
          because: [],
          evidence: 'schema',
          notes: [`${columns}: ${types}`],
          remedy: { summary: `Use ${advice[messageId]}.`, migrations: [] },
        },
      )
    }
  },
})

interface Data {
  readonly columns: string
}

function keyOf({ messageId, table, at }: Case): string {
  return `${messageId} ${table.id} ${at.statement.span.file} ${at.statement.span.start.offset}`
}

/** The first that counts; names of types as format_type() prints them. */
function caseOf(
  { table, column }: ColumnOfTable,
  isChosen: (messageId: string) => boolean,
): Case['messageId'] | undefined {
  const type = column.type.replace(/\(.*\)/, '')
  const cases: readonly (readonly [Case['messageId'], boolean])[] = [
    ['char', type === 'character'],
    ['money', type === 'money'],
    ['timetz', type === 'time with time zone'],
    ['timestamp', type === 'timestamp without time zone'],
    ['json', type === 'json'],
    ['float', ['real', 'double precision'].includes(type) && isMoney(column.name)],
    ['integerKey', type === 'integer' && isOwnKey(table, column.name)],
    ['serial', column.default?.startsWith('nextval(') === true],
    ['varchar', column.type.startsWith('character varying(')],
    ['boolean', type === 'boolean' && !column.notNull],
  ]
  return cases.find(([messageId, isSo]) => isSo && isChosen(messageId))?.[0]
}

function isMoney(name: string): boolean {
  return /(?:^|_)(?:amount|price|cost|total|balance|fee|salary|revenue)s?(?:_(?:eur|usd|gbp|net|gross))?$/i.test(
    name,
  )
}

/** The whole primary key, and no reference: that has to have the type of what it refers to. */
function isOwnKey({ constraints }: CatalogTable, name: string): boolean {
  const isKeyOf = (kind: string): boolean =>
    constraints.some((one) => one.kind === kind && one.columns.length === 1 && one.columns[0] === name)
  return isKeyOf('primary key') && !isKeyOf('foreign key')
}
