/** Receipts that a stand-in for an extension has a part in say so. */
import type { Finding, Limit, StatementResult } from '../core/model.ts'
import { standInExtensions } from '../core/stand-in-extensions.ts'

/** A relation of the rehearsal that something of a stand-in is used in. */
export interface StandInUse {
  readonly extension: string
  readonly schema: string
  readonly name: string
  /** Worth naming where uses are listed: a table or view of the users'. */
  readonly isNamed: boolean
}

/** The stand-ins of a rehearsal: which extensions were created, and where they are used. */
export interface StandIns {
  readonly extensions: readonly string[]
  readonly uses: readonly StandInUse[]
}

/** The finding, with a note for each stand-in that one of its relations, or its statement, has to do with. */
export function withStandInNotes<F extends Finding>(
  finding: F,
  { extensions, uses }: StandIns,
  statements: readonly StatementResult[],
): F {
  if (extensions.length === 0) return finding
  const touched = new Set([...relationsOf(finding), finding.object])
  const sql = sqlOf(finding, statements)
  const named = extensions.filter(
    (extension) =>
      standInExtensions[extension]?.mentions.test(sql) === true ||
      uses.some(
        (use) =>
          use.extension === extension && (touched.has(`${use.schema}.${use.name}`) || touched.has(use.name)),
      ),
  )
  if (named.length === 0) return finding
  return { ...finding, notes: [...finding.notes, note(named)] }
}

function note(extensions: readonly string[]): string {
  return extensions.length === 1
    ? `${extensions.join('')} is a stand-in of ours here, so what its types, indexes and functions do was not measured.`
    : `${list(extensions)} are stand-ins of ours here, so what their types, indexes and functions do was not measured.`
}

/** `http, postgis and vector` */
function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function relationsOf({ because }: Finding): readonly string[] {
  return because.flatMap((effect) => {
    if (effect.kind === 'catalog') return [`${effect.object.schema}.${effect.object.name}`]
    if (!('relation' in effect)) return []
    const { schema, name, table } = effect.relation
    return [`${schema}.${name}`, ...(table === undefined ? [] : [table])]
  })
}

/** The text of the statement that the finding stands at. */
function sqlOf({ span }: Finding, statements: readonly StatementResult[]): string {
  return statements
    .map(({ statement }) => statement)
    .filter(
      (statement) =>
        statement.span.file === span.file &&
        statement.span.start.offset <= span.start.offset &&
        span.end.offset <= statement.span.end.offset,
    )
    .map(({ sql }) => sql)
    .join('\n')
}

const mostNames = 5

/** What the rehearsal does not tell because of stand-ins, and where they are used. */
export function standInLimits({ extensions, uses }: StandIns): readonly Limit[] {
  if (extensions.length === 0) return []
  const tables = new Set(uses.filter((use) => use.isNamed).map(({ schema, name }) => `${schema}.${name}`))
  const named = [...tables].toSorted()
  const more = named.length > mostNames ? [`${named.length - mostNames} more`] : []
  const is = extensions.length === 1 ? 'is a stand-in' : 'are stand-ins'
  const their = extensions.length === 1 ? 'its' : 'their'
  const where =
    named.length === 0
      ? `No table uses ${extensions.length === 1 ? 'it' : 'them'}.`
      : `Used by ${list([...named.slice(0, mostNames), ...more])}.`
  return [
    {
      code: 'stand-in-extension',
      message: `${list(extensions)} ${is} of ours here (extensions.stub): ${their} types, functions and operators are there, but what they do was not measured. ${where}`,
      hint: `A server that has the extension${extensions.length === 1 ? '' : 's'} tells more: a container image (\`server.image\`), or --server-url.`,
    },
  ]
}
