import type { Limit } from '../core/model.ts'
import { splitScript, type ScriptPiece } from '../sql/split.ts'
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
  const { text } = source
  // a snippet
  if (marker !== undefined && marker.name === undefined) return { raws: [], limits: [] }
  const { pieces, unterminated } = splitScript(text, start, end)
  const limits = pieces.flatMap((piece) => metaCommandLimit(source, piece))
  if (unterminated !== undefined) limits.push(unended(source, unterminated, end))
  const whole = pieces.filter(
    (piece) => piece.kind === 'statement' && (unterminated === undefined || piece.end < unterminated.start),
  )
  const isDynamic = marker?.syntax.colon === 'hugsql' && /--~|\/\*~/.test(text.slice(start, end))
  return { raws: whole.map((piece) => rawOf(text, piece, marker, isDynamic)), limits }
}

/** Those that change what psql prints, and variables: they are parameters here. */
const harmless =
  /^\\(?:a|bind|echo|encoding|errverbose|g|pset|prompt|q|qecho|restrict|set|t|timing|unrestrict|unset|warn|x)(?![\w!])/

function metaCommandLimit({ text, file, lines }: SourceFile, piece: ScriptPiece): readonly Limit[] {
  if (piece.kind !== 'meta command') return []
  const written = text.slice(piece.start, piece.end)
  if (harmless.test(written)) return []
  const name = /^\\\S{0,20}/.exec(written)?.[0] ?? ''
  const message = `The psql command ${name} is not understood; what it does is missing.`
  return [notChecked(message, lines.span(file, piece.start, piece.end))]
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
  isDynamic: boolean,
): RawQuery {
  const written = text.slice(start, end)
  const place = {
    style: marker?.style ?? 'plain SQL',
    start,
    end,
    ...(marker?.name === undefined ? {} : { name: marker.name }),
    ...(marker?.expects === undefined ? {} : { expects: marker.expects }),
  } as const
  const rewritten = isDynamic
    ? { problem: 'an expression in its comments puts it together at run time' }
    : rewriteParameters(written, marker?.syntax ?? plainSyntax)
  if ('problem' in rewritten) return { ...place, sql: written, parameters: [], problem: rewritten.problem }
  return { ...place, ...rewritten }
}
