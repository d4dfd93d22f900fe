import { parseScript } from '../sql/parse.ts'
import { splitScript } from '../sql/split.ts'
import type { FileQueries, RawQuery, SourceFile } from './found.ts'
import { notChecked } from './found.ts'
import { rewriteParameters, type ParameterSyntax } from './parameters.ts'
import { findMarkers, type Marker } from './sql-markers.ts'

/** SQL between two markers. */
interface Block {
  /** Undefined: what stands before the first one. */
  readonly marker: Marker | undefined
  readonly start: number
  readonly end: number
}

/** The statements of a `.sql` file, by the names that its comments give them. */
export function readSqlFile(source: SourceFile): FileQueries {
  const blocks = blocksOf(source.text)
  const parts = blocks.map((block) => readBlock(source, block))
  return { raws: parts.flatMap(({ raws }) => raws), limits: parts.flatMap(({ limits }) => limits) }
}

function blocksOf(text: string): readonly Block[] {
  const markers = findMarkers(text)
  const first = markers[0]?.start ?? text.length
  const named = markers.map((marker, at) => ({
    marker,
    start: marker.end,
    end: Math.max(marker.end, markers[at + 1]?.start ?? text.length),
  }))
  return [{ marker: undefined, start: 0, end: first }, ...named]
}

const plainSyntax: ParameterSyntax = { colon: 'plain', question: true }

function readBlock(source: SourceFile, { marker, start, end }: Block): FileQueries {
  const { text, file, lines } = source
  // a snippet
  if (marker !== undefined && marker.name === undefined) return { raws: [], limits: [] }
  const { pieces, unterminated } = splitScript(text, start, end)
  const limits = unterminated === undefined ? [] : [unended(source, unterminated, end)]
  const raws: RawQuery[] = []
  let metaCommands = false
  for (const piece of pieces) {
    if (piece.kind === 'meta command') metaCommands = true
    else if (unterminated === undefined || piece.end < unterminated.start)
      raws.push(rawOf(text, piece, marker))
  }
  if (!metaCommands) return { raws, limits }
  // says which ones matter
  const script = { ...scriptOf(file, text), start, end }
  const meta = parseScript(script).limits.filter(({ code }) => code === 'psql-meta-command')
  const said = meta.map(({ message, span }) => notChecked(message, span ?? lines.span(file, start, end)))
  return { raws, limits: [...limits, ...said] }
}

function scriptOf(file: string, text: string): Parameters<typeof parseScript>[0] {
  const transaction = { mode: 'statement', why: 'assumed' } as const
  return {
    source: '',
    file,
    version: null,
    title: '',
    text,
    start: 0,
    end: 0,
    transaction,
    repeatable: false,
  }
}

function unended(
  { file, lines }: SourceFile,
  { what, start }: { readonly what: string; readonly start: number },
  end: number,
): FileQueries['limits'][number] {
  const hint = 'Close it; until then what follows it is part of it.'
  return notChecked(`A ${what} that begins here never ends.`, lines.span(file, start, end), hint)
}

function rawOf(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  marker: Marker | undefined,
): RawQuery {
  const written = text.slice(start, end)
  const place = {
    style: marker?.style ?? 'plain SQL',
    start,
    end,
    ...(marker?.name === undefined ? {} : { name: marker.name }),
    ...(marker?.expects === undefined ? {} : { expects: marker.expects }),
  } as const
  const dynamic = marker?.syntax.colon === 'hugsql' && /--~|\/\*~/.test(written)
  const rewritten = dynamic
    ? { problem: 'an expression in its comments puts it together at run time' }
    : rewriteParameters(written, marker?.syntax ?? plainSyntax)
  if ('problem' in rewritten) return { ...place, sql: written, parameters: [], problem: rewritten.problem }
  return { ...place, ...rewritten }
}
