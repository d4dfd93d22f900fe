import type { Span } from '../core/model.ts'
import type { SourceProblem } from '../core/source.ts'

/** A change of a plan, in the plan's order. */
export interface PlannedChange {
  readonly name: string
  /** In the plan, from 1. */
  readonly line: number
  /** How many changes of the same name stand before it: 0, unless it was reworked. */
  readonly reworks: number
  /** Tags by which the script of a change that was reworked later may be named, the likeliest first. */
  readonly reworkTags: readonly string[]
  /** Everything of which Sqitch makes the change's id, but for the change before it (Plan/Change.pm, info). */
  readonly recordedAs: string
}

export interface SqitchPlan {
  readonly changes: readonly PlannedChange[]
  readonly problems: readonly SourceProblem[]
}

/** `!` before it: a conflict. */
interface Dependency {
  readonly text: string
  readonly isConflict: boolean
  /** `change`, `@tag` or `change@tag`; undefined for other projects' and for ids. */
  readonly key: string | undefined
}

interface Line {
  readonly kind: 'change' | 'tag'
  readonly name: string
  readonly number: number
  readonly dependencies: readonly Dependency[]
  readonly recordedAs: string
}

const punctuation = /[-!"#$%&'()*+,./:;<=>?@[\\\]^`{|}~]/
const maxNameLength = 1000

/** More help nobody. */
export const maxProblems = 20

/**
 * Reads a sqitch.plan as `_parse` and check_changes of App::Sqitch::Plan (1.3.1) do, and what check_deploy_dependencies of
 * App::Sqitch::Engine adds. Sqitch gives up at the first mistake; the changes that can be read are given all the same.
 */
export function parseSqitchPlan(text: string, file: string): SqitchPlan {
  const problems: SourceProblem[] = []
  const refuse = (number: number, what: string): void => {
    if (problems.length === maxProblems) return
    problems.push({
      code: 'refused-by-tool',
      file,
      message: `Sqitch refuses the plan: line ${number} of ${file} ${what}.`,
      place: lineOf(text, file, number),
    })
  }
  const { lines, hasProject } = readLines(text, refuse)
  if (!hasProject) refuse(1, 'and those after it name no %project')
  const reader = new PlanReader(refuse)
  for (const line of lines) reader.take(line)
  reader.end()
  return { changes: reader.changes, problems }
}

/** A line of the plan, from 1. */
export function lineOf(text: string, file: string, line: number): Span {
  const before = text.split('\n', line - 1).join('\n').length
  const offset = line === 1 ? 0 : before + 1
  const length = /^[^\r\n]*/.exec(text.slice(offset))?.[0].length ?? 0
  return {
    file,
    start: { line, column: 1, offset },
    end: { line, column: length + 1, offset: offset + length },
  }
}

type Refuse = (line: number, what: string) => void

function readLines(
  text: string,
  refuse: Refuse,
): { readonly lines: readonly Line[]; readonly hasProject: boolean } {
  const lines: Line[] = []
  let hasProject = false
  let isHeader = true
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.split('#', 1)[0]?.trim() ?? ''
    // the header ends with the first line that has neither a pragma nor a comment
    if (raw.trim() === '') isHeader = false
    if (content === '') continue
    if (content.startsWith('%')) {
      if (!isHeader) refuse(index + 1, 'is a pragma after the header')
      hasProject ||= /^%\s*project\s*=\s*\S/.test(content)
      continue
    }
    if (isHeader) refuse(index + 1, 'needs a blank line between it and the pragmas')
    isHeader = false
    const note = raw.slice(raw.split('#', 1)[0]?.length).replace(/^#/, '').trim()
    const line = readLine(content, note, index + 1)
    if (typeof line === 'string') refuse(index + 1, line)
    else lines.push(line)
  }
  return { lines, hasProject }
}

/** The line, or what is wrong with it. */
function readLine(content: string, note: string, number: number): Line | string {
  const isTag = content.startsWith('@')
  const text = content.replace(/^(?:@|[+-]\s*)/, '')
  const name = /^[^\s:@#\\[]*/.exec(text.slice(0, maxNameLength))?.[0] ?? ''
  if (!isName(name) || text[name.length] === '[') return 'has no valid name'
  let rest = text.slice(name.length).trimStart()
  let dependencies: readonly Dependency[] = []
  const close = rest.indexOf(']')
  if (rest.startsWith('[') && close > 1) {
    const parsed = readDependencies(rest.slice(1, close))
    if (typeof parsed === 'string') return parsed
    dependencies = parsed
    rest = rest.slice(close + 1).trimStart()
  }
  const stamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z/.exec(rest)?.[0]
  if (stamp === undefined) return 'has no timestamp behind the name'
  const planner = rest.slice(stamp.length).trim()
  const mail = planner.indexOf('<')
  if (mail < 1 || !planner.endsWith('>') || planner.length - mail < 3)
    return 'names no planner with an address'
  if (name === 'ROOT' || name === 'HEAD') return `uses the reserved name ${name}`
  if (/^[0-9a-f]{40}/.test(name)) return `has the name ${name}, which looks like an id`
  if (isTag && name.includes('/')) return `has a tag with a slash, @${name}`
  if (isTag && dependencies.length > 0) return 'gives a tag dependencies'
  const recordedAs = [name, ...dependencies.map((one) => one.text), stamp, planner, note].join('\0')
  return { kind: isTag ? 'tag' : 'change', name, number, dependencies, recordedAs }
}

function isName(name: string): boolean {
  const [first = '', last = ''] = [name.at(0), name.at(-1)]
  if (name === '' || punctuation.test(first) || punctuation.test(last)) return false
  return !/[~/=%^]\d+$/.test(name)
}

function readDependencies(text: string): readonly Dependency[] | string {
  const found = new Map<string, Dependency>()
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (found.has(word)) return `has the dependency ${word} twice`
    const match = /^(!?)(?:([^:@]+):)?([^:@]*)(?:@([^:@]+))?$/.exec(word)
    const [, bang, project, change = '', tag] = match ?? []
    const isValid = change === '' ? tag !== undefined : isName(change)
    if (match === null || !isValid || (tag !== undefined && !isName(tag)))
      return `has the invalid dependency ${word}`
    const isOwn = project === undefined && !/^[0-9a-f]{40}$/.test(change)
    const key = isOwn ? change + (tag === undefined ? '' : `@${tag}`) : undefined
    found.set(word, { text: word, isConflict: bang === '!', key })
  }
  return [...found.values()]
}

class PlanReader {
  readonly #refuse: Refuse
  readonly #planned: (PlannedChange & { readonly tags: string[]; readonly reworkTags: string[] })[] = []
  /** Lines of changes and @tags of the sections before. */
  readonly #seen = new Map<string, number>()
  /** Since the last tag, by name. */
  readonly #section = new Map<string, Line>()
  /** Places in the plan. */
  readonly #lastOf = new Map<string, number>()
  /** Looked up in the whole plan, when everything is read. */
  readonly #conflicts: { readonly key: string; readonly line: Line }[] = []

  constructor(refuse: Refuse) {
    this.#refuse = refuse
  }

  get changes(): readonly PlannedChange[] {
    return this.#planned
  }

  take(line: Line): void {
    if (line.kind === 'tag') this.#takeTag(line)
    else this.#takeChange(line)
  }

  #takeTag({ name, number }: Line): void {
    const change = this.#planned.at(-1)
    if (change === undefined) this.#refuse(number, `sets the tag @${name} before any change`)
    else if (this.#seen.has(`@${name}`)) this.#refuse(number, `sets the tag @${name} a second time`)
    else {
      change.tags.push(`@${name}`)
      this.#endSection()
      this.#seen.set(`@${name}`, number)
    }
  }

  #takeChange(line: Line): void {
    const { name, number } = line
    const twin = this.#section.get(name)
    if (twin !== undefined) {
      const rule = 'a change can be reworked only after a tag'
      this.#refuse(number, `plans ${name} again, which line ${twin.number} does already; ${rule}`)
      return
    }
    const last = this.#lastOf.get(name)
    const since = last === undefined ? [] : this.#planned.slice(last)
    const [before] = since
    for (const { tags } of since.toReversed()) for (const tag of tags) before?.reworkTags.push(tag)
    const reworks = before === undefined ? 0 : before.reworks + 1
    this.#lastOf.set(name, this.#planned.length)
    const { recordedAs } = line
    this.#planned.push({ name, line: number, reworks, recordedAs, tags: [], reworkTags: [] })
    this.#section.set(name, line)
  }

  end(): void {
    this.#endSection()
    const known = new Set(this.#planned.flatMap(({ name, tags }) => [name, ...tags]))
    for (const { key, line } of this.#conflicts) {
      const [change = '', tag] = key.split('@')
      const missing = (change !== '' && !known.has(change)) || (tag !== undefined && !known.has(`@${tag}`))
      if (missing)
        this.#refuse(
          line.number,
          `says that ${line.name} conflicts with ${key}, which the plan does not have`,
        )
    }
  }

  /** At a tag or the end: what the changes since the last tag depend on must stand before them. */
  #endSection(): void {
    const position = new Set<string>()
    for (const line of this.#section.values()) {
      for (const dependency of line.dependencies) this.#check(line, dependency, position)
      position.add(line.name)
    }
    for (const { name, number } of this.#section.values()) this.#seen.set(name, number)
    this.#section.clear()
  }

  #check(line: Line, { key, isConflict }: Dependency, position: ReadonlySet<string>): void {
    if (key === undefined) return
    if (isConflict) this.#conflicts.push({ key, line })
    const isThere = this.#isBefore(key, position)
    if (isConflict && isThere)
      this.#refuse(line.number, `says that ${line.name} conflicts with ${key}, which is deployed before it`)
    else if (!isConflict && !isThere) {
      const comesLater = (this.#section.get(key)?.number ?? 0) > line.number
      const what = comesLater
        ? `${key}, which the plan has only later`
        : `${key}, which the plan does not have`
      this.#refuse(line.number, `says that ${line.name} requires ${key === line.name ? 'itself' : what}`)
    }
  }

  #isBefore(key: string, position: ReadonlySet<string>): boolean {
    const [change = '', tag] = key.split('@')
    if (change === '' || tag === undefined) return this.#seen.has(key) || position.has(key)
    const [tagAt, changeAt] = [this.#seen.get(`@${tag}`), this.#seen.get(change)]
    return tagAt !== undefined && changeAt !== undefined && changeAt < tagAt
  }
}
