import type { QueryParameter } from '../core/model.ts'
import { tokenize } from '../sql/tokens.ts'
import { child, children, unwrapped, type CodeNode } from './code-tree.ts'
import { MappedText } from './mapped-text.ts'
import type { Template } from './template-names.ts'
import { identifierName } from './template-tags.ts'
import { meaningOf, type Meaning } from './template-values.ts'

/** The SQL of a template. */
export interface Composed {
  readonly mapped: MappedText
  readonly parameters: readonly QueryParameter[]
  readonly problem: string | undefined
  /** Templates that it has swallowed: they are parts of this one. */
  readonly inlined: readonly CodeNode[]
}

export interface CodeAround {
  readonly text: string
  readonly tags: ReadonlySet<string>
  readonly constants: ReadonlyMap<string, Template>
  /** Characters of nested templates that the file's templates may be given. */
  readonly room: { left: number }
}

const atRunTime = 'it is put together at run time'
const mostInlined = 1000
const mostNested = 20

/** Puts the SQL of a template together: values become `$1`, `$2`, …, nested templates and literals their text. */
export function compose(template: CodeNode, code: CodeAround): Composed {
  return new Composer(code).run(template)
}

class Composer {
  private readonly code: CodeAround
  private readonly mapped = new MappedText()
  private readonly parameters: QueryParameter[] = []
  /** Where the parameters stand in the text. */
  private readonly places: { readonly at: number; readonly text: string }[] = []
  private readonly inlined: CodeNode[] = []
  private problem: string | undefined

  constructor(code: CodeAround) {
    this.code = code
  }

  run(template: CodeNode): Composed {
    this.add(template, undefined, 0)
    this.problem ??= this.withinOther()
    return {
      mapped: this.mapped,
      parameters: this.parameters,
      problem: this.problem,
      inlined: this.inlined,
    }
  }

  /** `place`: what of the outermost template a nested one fills. */
  private add(template: CodeNode, place: CodeNode | undefined, depth: number): void {
    const quasi = child(template, 'quasi')
    const quasis = quasi === undefined ? [] : children(quasi, 'quasis')
    const expressions = quasi === undefined ? [] : children(quasi, 'expressions')
    for (const [at, piece] of quasis.entries()) {
      this.addText(piece, place)
      const expression = expressions[at]
      // with `${` and `}` around it
      const braces = { type: 'place', start: piece.end, end: quasis[at + 1]?.start ?? piece.end }
      if (expression !== undefined) this.addExpression(expression, place ?? braces, depth)
    }
  }

  private addText(piece: CodeNode, place: CodeNode | undefined): void {
    const { cooked } = piece['value'] as { readonly cooked: string | null }
    if (typeof cooked !== 'string') this.problem ??= 'it has an escape that JavaScript does not know'
    const text = cooked ?? ''
    if (place !== undefined) {
      this.code.room.left -= text.length
      if (this.code.room.left < 0) this.problem ??= 'the templates that it is made of are too long'
      else this.mapped.append(text, place.start, place.end)
      return
    }
    addPiece(this.mapped, this.code.text.slice(piece.start, piece.end), text, piece.start)
  }

  private addExpression(expression: CodeNode, place: CodeNode, depth: number): void {
    const nested = this.nestedIn(expression)
    if (nested !== undefined) {
      this.inlined.push(nested)
      if (depth >= mostNested || this.inlined.length > mostInlined) this.problem ??= atRunTime
      else this.add(nested, place, depth + 1)
      return
    }
    this.addMeaning(meaningOf(expression, this.mapped.tail, this.code.tags), place)
  }

  /** A template within the template, or a constant of the file that holds one. */
  private nestedIn(expression: CodeNode): CodeNode | undefined {
    const node = unwrapped(expression)
    const name = identifierName(node)
    if (name !== undefined) return this.code.constants.get(name)?.node
    const meaning = meaningOf(node, '', this.code.tags)
    return meaning.kind === 'template' ? meaning.node : undefined
  }

  private addMeaning(meaning: Meaning, place: CodeNode): void {
    if (meaning.kind === 'text') this.mapped.append(meaning.text, place.start, place.end)
    else if (meaning.kind === 'value') this.addParameter(meaning.name, false, place)
    else if (meaning.kind === 'list') {
      const isOpen = /[([]\s*$/.test(this.mapped.tail)
      if (!isOpen) this.mapped.append('(', place.start, place.end)
      this.addParameter(meaning.name, true, place)
      if (!isOpen) this.mapped.append(')', place.start, place.end)
    } else if (meaning.kind === 'values') {
      for (const part of meaning.parts) {
        if (typeof part === 'string') this.mapped.append(part, place.start, place.end)
        else this.addParameter(part.name, false, place)
      }
    } else this.problem ??= atRunTime
  }

  private addParameter(name: string | undefined, isList: boolean, place: CodeNode): void {
    const number = this.parameters.length + 1
    const text = `$${number}`
    this.parameters.push({
      number,
      ...(name === undefined ? {} : { name }),
      ...(isList ? { isList } : {}),
    })
    this.places.push({ at: this.mapped.text.length, text })
    this.mapped.append(text, place.start, place.end)
  }

  /** An expression within a string, a comment or a name is no value. */
  private withinOther(): string | undefined {
    if (this.places.length === 0) return undefined
    const starts = new Map(tokenize(this.mapped.text).map(({ start, text }) => [start, text]))
    const isOther = this.places.some(({ at, text }) => starts.get(at) !== text)
    return isOther ? 'an expression stands within a string, a name or a comment of its SQL' : undefined
  }
}

/**
 * Appends text of a template. JavaScript makes `\r\n` one line feed and reads escapes; lines, and what stands before and
 * behind the escapes of a line, keep their places.
 */
function addPiece(mapped: MappedText, written: string, cooked: string, start: number): void {
  if (written === cooked || !written.replaceAll('\r\n', '\n').includes(cooked)) {
    addLine(mapped, written, cooked, start)
    return
  }
  let at = start
  for (const line of written.split(/(\r\n)/)) {
    mapped.append(line === '\r\n' ? '\n' : line, at, at + line.length)
    at += line.length
  }
}

function addLine(mapped: MappedText, written: string, cooked: string, start: number): void {
  const shorter = Math.min(written.length, cooked.length)
  let head = 0
  while (head < shorter && written[head] === cooked[head]) head += 1
  let tail = 0
  while (tail < shorter - head && written.at(-1 - tail) === cooked.at(-1 - tail)) tail += 1
  const end = start + written.length
  mapped.append(cooked.slice(0, head), start, start + head)
  mapped.append(cooked.slice(head, cooked.length - tail), start + head, end - tail)
  mapped.append(cooked.slice(cooked.length - tail), end - tail, end)
}
