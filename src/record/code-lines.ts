/** The lines of a migration in code, as far as it matters where a statement comes from. */

export interface Stretch {
  readonly start: number
  readonly end: number
}

/** A line, or a call that runs over several lines. */
export interface CodeUnit extends Stretch {
  /** Of its first line, counted from zero. */
  readonly index: number
  /** Its first line, with the calls that are chained to it in lines of their own. */
  readonly head: string
  /** All of it. */
  readonly text: string
  /** The line of the block that it stands in: `create_table :users do |t|`. */
  readonly block: string
}

interface Row extends Stretch {
  readonly text: string
  readonly indent: number
  /** Brackets that it opens and does not close, less those of earlier lines that it closes. */
  readonly depth: number
}

/**
 * The text with its longest lines as comments of the same length: nobody writes such lines, and patterns would take
 * minutes for some of them.
 */
export function withoutLongLines(text: string): string {
  return text.replaceAll(longLine, (line) => '#'.repeat(line.length))
}

const longLine = /[^\n]{2001,}/g

/** Comments and empty lines are left out. */
export function unitsOf(text: string): readonly CodeUnit[] {
  const rows = rowsOf(text)
  const units: CodeUnit[] = []
  const blocks: Row[] = []
  for (let index = 0; index < rows.length; index += 1) {
    const first = rows[index]
    if (first === undefined || first.text === '' || comment.test(first.text)) continue
    while (first.indent <= (blocks.at(-1)?.indent ?? -1)) blocks.pop()
    let last = isOpenCall(first) ? endOfCall(rows, index) : (endOfElement(rows, index) ?? index)
    const heads = [first.text]
    for (let next = rows[last + 1]; next !== undefined && goesOn.test(next.text); next = rows[last + 1]) {
      heads.push(next.text)
      last = endOfCall(rows, last + 1)
    }
    const end = rows[last]?.end ?? first.end
    const block = blocks.at(-1)?.text ?? ''
    units.push({
      index,
      start: first.start,
      end,
      head: heads.join(''),
      text: text.slice(first.start, end),
      block,
    })
    if (last === index && opensBlock.test(first.text)) blocks.push(first)
    index = last
  }
  return units
}

/** `.where({ id })` */
const goesOn = /^\??\.\w/
const comment = /^(?:#|\/\/|--|\*|\/\*|<!--)/
const opensBlock = /(?:\{|\bdo(?:\s*\|[^|]*\|)?|\|[^|]*\||[:(])$/

function rowsOf(text: string): readonly Row[] {
  let start = 0
  return text.split('\n').map((line) => {
    const bare = line.trim()
    const indent = line.length - line.trimStart().length
    const at = start + indent
    start += line.length + 1
    const brackets = withoutStrings(bare).match(/[()[\]{}]/g) ?? []
    const depth = brackets.reduce((sum, one) => sum + ('([{'.includes(one) ? 1 : -1), 0)
    return { text: bare, indent, depth, start: at, end: at + bare.length }
  })
}

function withoutStrings(line: string): string {
  return line.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
}

/** `op.create_table(`, with its arguments in the lines that follow; not a function, which holds statements. */
function isOpenCall({ text, depth }: Row): boolean {
  if (depth <= 0 || !/\w\((?:[^()]|\([^()]*\))*$/.test(withoutStrings(text))) return false
  return !/=>|\b(?:function|def|lambda|class|do)\b|\btransaction\b|Promise\.all|SeparateDatabaseAndState/.test(
    text,
  )
}

/** The line that closes its brackets; the line itself where none does. */
function endOfCall(rows: readonly Row[], from: number): number {
  let depth = 0
  for (let index = from; index < rows.length && index < from + mostLines; index += 1) {
    depth += rows[index]?.depth ?? 0
    if (depth <= 0) return index
  }
  return from
}

/** The line that closes an element of Liquibase's XML: `<createIndex …>`, its attributes and its columns. */
function endOfElement(rows: readonly Row[], from: number): number | undefined {
  const name = /^<(\w+)/.exec(rows[from]?.text ?? '')?.[1]
  if (name === undefined || holdsElements.test(name)) return undefined
  let inTag = true
  for (const [offset, { text }] of rows.slice(from, from + mostLines).entries()) {
    if (text.includes(`</${name}>`) || (inTag && text.endsWith('/>'))) return from + offset
    inTag &&= !text.endsWith('>')
  }
  return undefined
}

const holdsElements = /^(?:databaseChangeLog|changeSet|rollback|preConditions|and|or|not)$/

/** A bracket that no line closes is a string's, maybe. */
const mostLines = 300

/** From `up`, `change`, `upgrade` to `down`, `downgrade`, as far as there are such words; else everything. */
export function wayUp(text: string): Stretch {
  const start = upWords.exec(text)?.index ?? 0
  downWords.lastIndex = start
  const end = downWords.exec(text)?.index ?? text.length
  return { start, end: end > start ? end : text.length }
}

/** From the word for the way down; what has none (Rails' `change`) goes back by the same lines. */
export function wayDown(text: string): Stretch {
  downWords.lastIndex = 0
  const start = downWords.exec(text)?.index
  if (start === undefined) return wayUp(text)
  const up = upWords.exec(text)?.index ?? 0
  return { start, end: up > start ? up : text.length }
}

const upWords =
  /(?<=^|\n)[^\n#]*\b(?:(?:def|function|void|fun|async|public|exports\.|export\s+(?:const|async|function)[^\n]*?)\s*)(?:up|change|upgrade|forwards?|Up|safe_up|safeUp)\b|(?<=^|\n)[^\S\n]*(?:async\s+)?(?:up|change)\s*[(:=]|(?<=^|\n)[^\S\n]*operations\s*=|(?<=^|\n)--\s*(?:\+(?:goose|micrate|migrate)\s+Up|migrate:up|Up\s+Migration)/
const downWords =
  /(?<=\n)[^\n#]*\b(?:def|function|void|fun|async|public|exports\.|export\s+(?:const|async|function)[^\n]*?)\s*(?:down|downgrade|backwards?|Down|safe_down|safeDown)\b|(?<=\n)[^\S\n]*(?:async\s+)?down\s*[(:=]|(?<=\n)--\s*(?:\+(?:goose|micrate|migrate)\s+Down|migrate:down|Down\s+Migration|rollback\s)/g
