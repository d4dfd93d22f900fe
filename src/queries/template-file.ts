import { splitScript, type ScriptPiece } from '../sql/split.ts'
import { tokenize } from '../sql/tokens.ts'
import { parseCode, type CodeNode } from './code-tree.ts'
import { fileNotChecked, type FileQueries, type RawQuery, type SourceFile } from './found.ts'
import { Numbering } from './numbering.ts'
import { rewritePgTyped } from './pgtyped-template.ts'
import { findTemplates, type Template, type Templates } from './template-names.ts'
import { compose, type CodeAround, type Composed } from './template-text.ts'

/** The statements in tagged templates of a TypeScript or JavaScript file. */
export async function readTemplateFile(source: SourceFile, tags: readonly string[]): Promise<FileQueries> {
  const { file, text } = source
  const parsed = await parseCode(file, text)
  if ('problem' in parsed) return { raws: [], limits: [fileNotChecked(file, parsed.problem)] }
  try {
    const known = new Set(tags)
    const templates = findTemplates(parsed.tree, known)
    return { raws: readTemplates(source, known, templates), limits: [] }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { raws: [], limits: [fileNotChecked(file, 'it is nested too deeply')] }
  }
}

const mostNestedCharacters = 4_000_000

function readTemplates(
  { text }: SourceFile,
  tags: ReadonlySet<string>,
  { all, constants }: Templates,
): readonly RawQuery[] {
  const code: CodeAround = { text, tags, constants, room: { left: mostNestedCharacters } }
  // PgTyped writes its parameters into the text
  const isPgTyped = /['"]@pgtyped\/|['"]pgtyped['"]/.test(text)
  const inlined = new Set<CodeNode>()
  const composed = all.map((template) => {
    const one = compose(template.node, code)
    for (const node of one.inlined) inlined.add(node)
    return { template, composed: one }
  })
  return composed.flatMap(({ template, composed: one }) => {
    if (template.kind === 'fragment' || inlined.has(template.node)) return []
    return rawsOf(template, one, isPgTyped)
  })
}

/** How statements of an application begin; other templates are parts of statements. */
const beginnings = /^(?:select|insert|update|delete|merge|with|values|table|call)$/i

function isWholeStatement(sql: string): boolean {
  const first = tokenize(sql, 50).find(({ text }) => text !== '(')
  return first?.kind === 'word' && beginnings.test(first.text)
}

function rawsOf(template: Template, composed: Composed, isPgTyped: boolean): readonly RawQuery[] {
  const { mapped, parameters, problem } = composed
  if (!isWholeStatement(mapped.text)) return []
  const common = {
    style: 'tagged template',
    ...(template.name === undefined ? {} : { name: template.name }),
  } as const
  const hasOwnParameters = isPgTyped && parameters.length === 0
  const pieces = hasOwnParameters ? [wholeText(mapped.text)] : splitScript(mapped.text).pieces
  return pieces.map((piece): RawQuery => {
    const sql = mapped.text.slice(piece.start, piece.end)
    const place = { ...common, start: mapped.startOf(piece.start), end: mapped.endOf(piece.end) }
    if (problem !== undefined) return { ...place, sql, parameters: [], problem }
    if (piece.kind === 'meta command')
      return { ...place, sql, parameters: [], problem: 'it has a backslash outside of strings' }
    return { ...place, ...(hasOwnParameters ? rewritePgTyped(sql) : renumbered(sql, parameters)) }
  })
}

/** `$$ids` of PgTyped is no dollar quote, so that nobody can tell statements apart before it is gone. */
function wholeText(text: string): ScriptPiece {
  let end = text.length
  while (/[\s;]/.test(text[end - 1] ?? '')) end -= 1
  return { kind: 'statement', start: tokenize(text, 1)[0]?.start ?? 0, end }
}

/** The parameters of one of several statements begin at 1 again. */
function renumbered(sql: string, parameters: RawQuery['parameters']): Pick<RawQuery, 'sql' | 'parameters'> {
  if (parameters.length === 0) {
    const known = new Numbering(tokenize(sql), false)
    return { sql, parameters: known.parameters() }
  }
  const uses = tokenize(sql).flatMap(({ kind, text, start, end }) => {
    const known = kind === 'word' && text.startsWith('$') ? parameters[Number(text.slice(1)) - 1] : undefined
    return known === undefined ? [] : [{ known, start, end }]
  })
  if (uses.length === parameters.length) return { sql, parameters }
  let result = ''
  let end = 0
  for (const [at, use] of uses.entries()) {
    result += `${sql.slice(end, use.start)}$${at + 1}`
    end = use.end
  }
  return {
    sql: result + sql.slice(end),
    parameters: uses.map(({ known }, at) => ({ ...known, number: at + 1 })),
  }
}
