/** What a note would do besides being read: quick actions, mentions, references [facts 1.6]. */
import { liveBlocks, visibleText } from './markdown-code.ts'

export interface QuickAction {
  readonly command: string
  readonly argument: string
  /** The old finder is a regular expression over the text, the new one reads the markdown. */
  readonly finder: 'regex' | 'markdown'
}

export interface Reference {
  readonly kind: 'mention' | 'issue' | 'merge request' | 'label' | 'milestone' | 'snippet' | 'epic' | 'commit'
  readonly text: string
}

/** The quick actions of merge requests [doc user/project/quick_actions]. */
const commands: readonly string[] =
  `add_contacts approve assign assign_reviewer award cc close confidential copy_metadata done draft due duplicate
  estimate estimate_time label lock merge milestone ready reaction rebase reassign reassign_reviewer relabel remove_due_date
  remove_estimate remove_milestone remove_parent remove_reviewer remove_time_spent reopen request_review
  request_changes requested_changes review shrug spend spend_time spent submit_review subscribe tableflip target_branch
  time time_estimate title todo unapprove unassign unassign_reviewer unlabel unlock unsubscribe wip
  remove_time_estimate labels remove_label react assignee`.split(/\s+/)

/** What the old finder takes for a whole at the beginning of a line, in the order in which Ruby tries it. */
const codeBlock = /^```.+?\n```$/imsy
const htmlBlock = /^<[^>]+?>\n.+?\n<\/[^>]+?>$/imsy
const quoteBlock = /^>>>.+?\n>>>$/imsy
const longestFirst = [...commands].sort((a, b) => b.length - a.length).join('|')
const commandLine = new RegExp(`^/(${longestFirst})(?: ([^\\n]*))?(?:\\s*\\n|$)`, 'imsy')

/** Commands that either of GitLab's finders would run. */
export function findQuickActions(body: string): readonly QuickAction[] {
  const text = body.replaceAll('\r', '')
  const old = [...oldMatches(text)].map(({ match }) => action(match[1], match[2], 'regex'))
  const fresh = slashLines(text).filter((found) => commands.includes(found.command))
  return [...old, ...fresh]
}

/**
 * lib/gitlab/quick_actions/extractor.rb@18f78289: one regular expression over the text, whose every alternative begins
 * at the beginning of a line, and whose dot matches line ends. Gives the commands.
 */
function* oldMatches(text: string): Generator<{ readonly start: number; readonly match: RegExpExecArray }> {
  // `^.*\`\n*.+?\n*\`$` is greedy: from wherever it matches it takes all up to the last line that ends in a backtick
  const lastTick = [...text.matchAll(/`$/gm)].at(-1)?.index ?? -1
  for (let start = 0; start < text.length;) {
    const tick = text.indexOf('`', start)
    const spansCode = tick !== -1 && lastTick >= tick + 2
    const whole = matchAt(codeBlock, text, start)?.[0].length
    const skipped = whole ?? (spansCode ? lastTick + 1 - start : blockAt(text, start))
    const match = skipped === undefined ? matchAt(commandLine, text, start) : undefined
    if (match !== undefined) yield { start, match }
    const end = start + (skipped ?? match?.[0].length ?? 0)
    if (end > start && text[end - 1] === '\n') start = end
    else start = text.includes('\n', end) ? text.indexOf('\n', end) + 1 : text.length
  }
}

function blockAt(text: string, start: number): number | undefined {
  return (matchAt(htmlBlock, text, start) ?? matchAt(quoteBlock, text, start))?.[0].length
}

function matchAt(pattern: RegExp, text: string, start: number): RegExpExecArray | undefined {
  pattern.lastIndex = start
  return pattern.exec(text) ?? undefined
}

/**
 * Every live line that begins with `/word`, known or not. Newer servers look at top-level paragraphs only
 * [lib/banzai/filter/quick_action_filter.rb@9fdf1ba4]; this looks at a little more, which is the safe side.
 */
export function slashLines(body: string): readonly QuickAction[] {
  return liveBlocks(body)
    .filter((block) => block.kind === 'text')
    .flatMap((block) => visibleLines(block.text))
    .flatMap((line) => {
      const match = /^\/([a-z]\w*)(?: (.*))?$/i.exec(line)
      return match === null ? [] : [action(match[1], match[2], 'markdown')]
    })
}

/** The text that is stored: executed commands are cut out, as the old finder does it. */
export function withoutQuickActions(body: string): string {
  const text = body.replaceAll('\r', '')
  const found = [...oldMatches(text)]
  // Without commands the body is kept to the byte, CRLF included [facts 6].
  if (found.length === 0) return body
  let kept = text
  for (const { start, match } of found.toReversed())
    kept = kept.slice(0, start) + kept.slice(start + match[0].length)
  return kept.trimEnd()
}

/** Mentions and references outside code; commits only when the project has them. */
export function findReferences(body: string, isCommit: (sha: string) => boolean): readonly Reference[] {
  return liveBlocks(body).flatMap((block) => {
    const text = visibleText(block)
    const found: Reference[] = []
    for (const [pattern, kind] of patterns)
      for (const match of text.matchAll(pattern)) found.push({ kind, text: match[0] })
    for (const [sha] of text.matchAll(/(?<![\w/-])[0-9a-f]{7,40}(?![\w-])/g))
      if (isCommit(sha)) found.push({ kind: 'commit', text: sha })
    return found
  })
}

const patterns: readonly (readonly [RegExp, Reference['kind']])[] = [
  [/(?<![\w/])@[a-z0-9_][\w.-]*(?:\/[\w.-]+)*/gi, 'mention'],
  [/(?<![\w&])#\d+\b/g, 'issue'],
  [/(?<!\w)![1-9]\d*\b/g, 'merge request'],
  [/(?<!\w)~(?:"[^"\n]+"|[\w:.?-]*\w)/g, 'label'],
  [/(?<!\w)%(?:"[^"\n]+"|[a-z0-9][\w.-]*)/gi, 'milestone'],
  [/(?<!\w)\$\d+\b/g, 'snippet'],
  [/(?<!\w)&\d+\b(?!;)/g, 'epic'],
]

/** Lines as the reader of the markdown sees them: indentation of a paragraph's lines means nothing. */
function visibleLines(text: string): readonly string[] {
  const code = new RegExp('(?<!\\\\)(`+)(?!`)(?:(?!\\1).)*\\1(?!`)', 'gs')
  return text
    .replaceAll(code, (span) => span.replaceAll('\n/', '\n `'))
    .split('\n')
    .map((line) => line.trimStart())
}

function action(
  command: string | undefined,
  argument: string | undefined,
  finder: QuickAction['finder'],
): QuickAction {
  return { command: (command ?? '').toLowerCase(), argument: (argument ?? '').trim(), finder }
}
