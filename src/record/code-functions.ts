/** Which functions of a migration run on its way: those that it calls, wherever they stand in the file. */
import type { Stretch } from './code-lines.ts'

interface CodeFunction extends Stretch {
  readonly name: string
  readonly text: string
}

/** Does code at this place run? `unknown`: it stands in no function, or in one that nothing names. */
export type Runs = (start: number) => 'yes' | 'no' | 'unknown'

/**
 * Follows names, from the stretch of the way up (or down) through the functions that it names.
 * @param way the stretch of the way that runs
 * @param other the stretch of the other way, where it has one of its own
 */
export function functionsThatRun(
  text: string,
  way: Stretch,
  other: Stretch | undefined,
  direction: 'up' | 'down',
): Runs {
  const all = functionsOf(text)
  // the way itself is a function as well, and what stands behind it in the file belongs to no way yet
  const begins = (stretch: Stretch): string => {
    const itself = all.find(({ start, end }) => start <= stretch.start && stretch.start < end)
    return text.slice(stretch.start, itself?.end ?? stretch.end)
  }
  const runs = namedBy(towards(begins(way), direction), all)
  const backwards = direction === 'up' ? 'down' : 'up'
  // Django's two ways stand in one list
  const others = namedBy(towards(begins(other ?? way), backwards), all)
  return (start) => {
    const own = all.findLast((one) => one.start <= start && start < one.end)
    if (own === undefined) return 'unknown'
    if (runs.has(own)) return 'yes'
    return others.has(own) ? 'no' : 'unknown'
  }
}

/** All that these words name, and what that names in turn. */
function namedBy(words: string, all: readonly CodeFunction[]): ReadonlySet<CodeFunction> {
  const byName = new Map<string, CodeFunction[]>()
  for (const one of all)
    if (!isWay.test(one.name)) byName.set(one.name, [...(byName.get(one.name) ?? []), one])
  const found = new Set<CodeFunction>()
  const texts = [words]
  // those that are found are looked through as well
  for (const text of texts) {
    const names = new Set(text.match(/\w+/g))
    for (const one of [...names].flatMap((name) => byName.get(name) ?? [])) {
      if (found.has(one)) continue
      found.add(one)
      texts.push(one.text)
    }
  }
  return found
}

const isWay = /^(?:up|down|upgrade|downgrade|change|forwards?|backwards?)$/i

/** `RunPython(forwards, backwards)`: the first goes up, the second down. */
function towards(words: string, direction: 'up' | 'down'): string {
  return words
    .replaceAll(
      /(\bRunPython\(\s*)([\w.]+)(\s*,\s*)(?!\w+\s*=)([\w.]+)/g,
      direction === 'up' ? '$1$2' : '$1$4',
    )
    .replaceAll(direction === 'up' ? /\breverse_code\s*=\s*[\w.]+/g : /\bcode\s*=\s*[\w.]+/g, '')
}

/** Those that begin a line: Python's and Ruby's `def`, JavaScript's `function`, arrows and methods. None of too many. */
function functionsOf(text: string): readonly CodeFunction[] {
  const lines = text.split('\n')
  const found: CodeFunction[] = []
  let at = 0
  for (const [index, line] of lines.entries()) {
    const [, indent, name] = definition.exec(line) ?? []
    if (indent !== undefined && name !== undefined && !isWord.test(name)) {
      const end = at + lengthOf(lines, index, indent.length)
      found.push({ name, start: at, end, text: text.slice(at + line.length, end) })
      if (found.length > mostFunctions) return []
    }
    at += line.length + 1
  }
  return found
}

/** A file of more is no migration that somebody wrote. */
const mostFunctions = 300

const definition =
  /^(\s*)(?:export\s+)?(?:(?:private|protected|public|static|async)\s+)*(?:(?:def|function)\s+(?:self\.)?|(?:const|let)\s+(?=\w+\s*=\s*(?:async\s*)?(?:\(|function\b|\w+\s*=>))|(?=\w+\s*\([^;]*\{\s*$))(\w+)/
const isWord = /^(?:if|for|while|switch|catch|return|with|constructor|else|do)$/

/** Up to the next line that is indented no more than it, and is more than the brackets that close it. */
function lengthOf(lines: readonly string[], from: number, indent: number): number {
  let length = (lines[from]?.length ?? 0) + 1
  for (let index = from + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const own = line.length - line.trimStart().length
    if (line.trim() !== '' && own <= indent && !/^\s*[)\]}]/.test(line)) return length
    length += line.length + 1
    if (own === indent && /^\s*(?:\}|end\b)/.test(line)) return length
  }
  return length
}
