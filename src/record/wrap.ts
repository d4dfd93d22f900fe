/** Finds the transactions that a tool puts around its migrations, so that they are told as for files. */
import type { AttributedChapter } from './attribution.ts'
import type { RecordedStatement } from './model.ts'
import type { Chapter } from './transcript.ts'

/**
 * Cuts chapters so that what the tool writes into its books outside of a migration's transaction stands by itself, and
 * takes BEGIN and COMMIT away from chapters that they wrap as a whole: those are in mode `file`, or `run` where one
 * transaction holds several of them.
 */
export function wrapped(
  chapters: readonly AttributedChapter[],
  own: ReadonlySet<RecordedStatement>,
): readonly AttributedChapter[] {
  const cut = chapters.flatMap((chapter) => withOwnApart(chapter, own))
  const blocks = blocksOf(cut)
  const runs = blocks.filter(({ from, to }) => to > from)
  return cut.map((chapter, index) => {
    const block = blocks.find(({ from, to }) => from <= index && index <= to)
    if (block === undefined || (block.to > block.from && runs.length > 1)) return chapter
    const mode = block.to > block.from ? 'run' : 'file'
    return { ...chapter, mode, statements: chapter.statements.filter((one) => !isEdge(one)) }
  })
}

/** Groups of one transaction each. */
function withOwnApart(
  chapter: AttributedChapter,
  own: ReadonlySet<RecordedStatement>,
): readonly AttributedChapter[] {
  const groups: RecordedStatement[][] = []
  for (const statement of chapter.statements) {
    const last = groups.at(-1)
    if (last?.[0]?.transaction === statement.transaction) last.push(statement)
    else groups.push([statement])
  }
  const isWork = (group: readonly RecordedStatement[]): boolean =>
    group.some((one) => !own.has(one) && one.tag !== 'TransactionStmt')
  const first = groups.findIndex(isWork)
  if (first < 0) return [{ statements: chapter.statements, isOwn: true }]
  const last = groups.findLastIndex(isWork)
  const apart = (part: readonly (readonly RecordedStatement[])[]): readonly AttributedChapter[] =>
    part.length === 0 ? [] : [{ statements: part.flat(), isOwn: true }]
  return [
    ...apart(groups.slice(0, first)),
    { ...chapter, statements: groups.slice(first, last + 1).flat() },
    ...apart(groups.slice(last + 1)),
  ]
}

interface Block {
  /** Indexes of the first and the last chapter that one transaction holds as a whole. */
  readonly from: number
  readonly to: number
}

function blocksOf(chapters: readonly Chapter[]): readonly Block[] {
  const blocks: Block[] = []
  for (let from = 0; from < chapters.length; from += 1) {
    const first = chapters[from]?.statements[0]
    if (first === undefined || !isPlainBegin(first) || chapters[from]?.isOwn === true) continue
    let to = from
    while (chapters[to + 1]?.statements[0]?.transaction === first.transaction) to += 1
    const inside = chapters.slice(from, to + 1).flatMap(({ statements }) => statements)
    const edges = inside.filter(isEdge)
    const last = inside.at(-1)
    const isWhole = inside.every(({ transaction }) => transaction === first.transaction)
    const ends = edges.length === 1 || (edges.length === 2 && last !== undefined && isEdge(last))
    if (isWhole && ends) blocks.push({ from, to })
    from = to
  }
  return blocks
}

/** BEGIN, COMMIT and ROLLBACK, without savepoints. */
function isEdge({ tag, node }: RecordedStatement): boolean {
  if (tag !== 'TransactionStmt') return false
  return edges.has(String(node?.['kind']))
}

const edges: ReadonlySet<string> = new Set([
  'TRANS_STMT_BEGIN',
  'TRANS_STMT_START',
  'TRANS_STMT_COMMIT',
  'TRANS_STMT_ROLLBACK',
])

/** Without an isolation level other than the usual one. */
function isPlainBegin(statement: RecordedStatement): boolean {
  const kind = statement.node?.['kind']
  if (
    statement.tag !== 'TransactionStmt' ||
    /\b(?:serializable|repeatable|only|uncommitted|deferrable)\b/i.test(statement.sql)
  )
    return false
  return kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START'
}
