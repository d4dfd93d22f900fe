import {
  defineRule,
  isOpaque,
  longNames,
  namesGiven,
  type Effect,
  type LongName,
  type RunStatement,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-truncated-name',
  title: 'Avoid names that Postgres cuts off',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    isCut: ({ short }: { short: string }) =>
      `What this creates is called ${short}: Postgres keeps the first 63 bytes of a name and drops the rest.`,
    meansOther: ({ short, first }: { short: string; first: string }) =>
      `This name means ${short}, which ${first} in the same deployment is cut to as well: the two are one name.`,
  },
  run({ statements, report }) {
    const known = new Map<string, string>()
    for (const one of statements) {
      for (const { written, short } of namesCutBy(one)) {
        const first = known.get(short)
        if (first === written) continue
        known.set(short, first ?? written)
        report(
          first === undefined ? 'isCut' : 'meansOther',
          { short, first: first ?? '' },
          {
            at: one,
            on: short,
            // tools that generate names, and name objects by them, are cut off in the same way each time
            ...(first === undefined ? { severity: 'info' } : {}),
            because: reasons(one, short, first !== undefined),
            notes: [`The name has ${Buffer.byteLength(written)} bytes.`],
            remedy: { summary: 'Give it a name of at most 63 bytes.', migrations: [] },
          },
        )
      }
    }
  },
})

/** Names of at least 64 bytes that the statement gives to something; not those that it only mentions. */
function namesCutBy(view: RunStatement): readonly LongName[] {
  const { statement, effects } = view
  const noticed = effects.flatMap((effect) => (effect.kind === 'notice' ? fromNotice(effect.message) : []))
  const long = isOpaque(statement) ? noticed : longNames(statement.sql)
  if (long.length === 0) return []
  const given = new Set([...namesGiven(statement), ...effects.flatMap(namesInEffect)])
  return long.filter(({ short }) => given.has(short))
}

/** truncate_identifier() (scansup.c), SQLSTATE 42622 */
function fromNotice(message: string): readonly LongName[] {
  const [, written, short] = /^identifier "(.+)" will be truncated to "(.+)"$/.exec(message) ?? []
  return written === undefined || short === undefined ? [] : [{ written, short }]
}

function namesInEffect(effect: Effect): readonly string[] {
  if (effect.kind !== 'catalog') return []
  switch (effect.change.type) {
    case 'create':
      return [effect.object.name]
    case 'add column':
      return [effect.change.column.name]
    case 'rename':
    case 'rename column':
      return [effect.change.to]
    default:
      return []
  }
}

/** What became of the object, and what Postgres said; an error where it collides. */
function reasons({ effects }: RunStatement, short: string, collides: boolean): readonly Effect[] {
  return effects.filter(
    (effect) =>
      (effect.kind === 'notice' && effect.message.endsWith(`truncated to "${short}"`)) ||
      (collides && effect.kind === 'error' && effect.message.includes(short)) ||
      (effect.kind === 'catalog' && namesInEffect(effect).includes(short)),
  )
}
