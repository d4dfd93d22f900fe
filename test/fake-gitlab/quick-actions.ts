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

/** app `lib/gitlab/quick_actions/extractor.rb`: groups in the order in which Ruby tries them. */
const oldFinder = new RegExp(
  [
    '(?<code>^```.+?\\n```$)',
    // The look-ahead is not in the original: it changes nothing but the time.
    '(?<inline>^(?=.*`$).*`\\n*.+?\\n*`$)',
    '(?<html>^<[^>]+?>\\n.+?\\n</[^>]+?>$)',
    '(?<quote>^>>>.+?\\n>>>$)',
    `(?:^/(?<cmd>${[...commands].sort((a, b) => b.length - a.length).join('|')})(?: (?<arg>[^\\n]*))?(?:\\s*\\n|$))`,
  ].join('|'),
  'gims',
)

/** Commands that either of GitLab's finders would run. */
export function findQuickActions(body: string): readonly QuickAction[] {
  const text = body.replaceAll('\r', '')
  const old = [...text.matchAll(oldFinder)]
    .filter((match) => match.groups?.['cmd'] !== undefined)
    .map((match) => action(match.groups?.['cmd'], match.groups?.['arg'], 'regex'))
  const fresh = slashLines(text).filter((found) => commands.includes(found.command))
  return [...old, ...fresh]
}

/** Every live line that begins with `/word`, known or not: the markdown finder reads paragraphs. */
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
  const found = [...text.matchAll(oldFinder)].some((match) => match.groups?.['cmd'] !== undefined)
  // Without commands the body is kept to the byte, CRLF included [facts 6].
  if (!found) return body
  return text.replaceAll(oldFinder, (...args) => (isCommand(args.at(-1)) ? '' : args[0])).trimEnd()
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

function isCommand(groups: unknown): boolean {
  return typeof groups === 'object' && groups !== null && 'cmd' in groups && groups.cmd !== undefined
}

function action(
  command: string | undefined,
  argument: string | undefined,
  finder: QuickAction['finder'],
): QuickAction {
  return { command: (command ?? '').toLowerCase(), argument: (argument ?? '').trim(), finder }
}
