/** Receipts that a stand-in for an extension has a part in say so. */
import type { Finding, Limit, StatementResult } from './core/model.ts'
import { standInExtensions } from './core/stand-in-extensions.ts'

/** A relation of the rehearsal that something of a stand-in is used in. */
export interface StandInUse {
  readonly extension: string
  readonly schema: string
  readonly name: string
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
          use.extension === extension &&
          (touched.has(`${use.schema}.${use.name}`) || touched.has(use.name)),
      ),
  )
  if (named.length === 0) return finding
  return { ...finding, notes: [...finding.notes, ...named.map(note)] }
}

function note(extension: string): string {
  return `${extension} is a stand-in of ours here, so what its types, indexes and functions do was not measured.`
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

/** One for each stand-in that was created: what rests on it. */
export function standInLimits({ extensions, uses }: StandIns): readonly Limit[] {
  return extensions.map((extension) => {
    const names = uses
      .filter((use) => use.extension === extension)
      .map(({ schema, name }) => `${schema}.${name}`)
    const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : ''
    const where =
      names.length === 0 ? '' : ` It is used by ${names.slice(0, mostNames).join(', ')}${more}.`
    return {
      code: 'stand-in-extension',
      message: `${extension} is a stand-in of ours here (extensions.stub): its types, functions and operators can be named, but what they do was not measured.${where}`,
      hint: 'A container image (`server.image`) or a server (--server-url) that has the extension tells all of it.',
    }
  })
}
