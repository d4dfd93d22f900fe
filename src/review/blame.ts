import { runGit, type Repository } from './git.ts'

/** A file with a very long history is not worth more. */
const limitMs = 3000

/** Enough for the headers of some thousand lines. */
const maxBytes = 4 * 1024 * 1024

const maxName = 200

/**
 * Who wrote these lines of a file of the working tree, as git names them. Lines that are not committed have no author
 * yet; lines that are older than a shallow clone would be given to whoever stands at its edge, so they have none either.
 * Never throws: what git does not tell in time is not known.
 */
export async function authorsOf(
  repository: Repository,
  file: string,
  lines: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  if (lines.length === 0 || !repository.hasHead) return new Map()
  const ranges = lines.flatMap((line) => ['-L', `${line},${line}`])
  // without --root the first commit of all is called a boundary, too
  const root = repository.isShallow ? [] : ['--root']
  const asked = runGit(
    repository,
    ['blame', '--porcelain', '--no-textconv', ...root, ...ranges, '--', file],
    maxBytes,
  )
    .then(({ code, stdout }) => (code === 0 ? stdout.toString() : ''))
    .catch(() => '')
  return readPorcelain(await within(asked))
}

async function within(asked: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(''), limitMs)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

interface Commit {
  author: string
  isBoundary: boolean
}

const notCommitted = /^0+$/

/**
 * `<commit> <line in its file> <line> [<count>]`, at a commit's first line its headers, then the line itself behind a
 * tab. @see https://git-scm.com/docs/git-blame#_the_porcelain_format
 */
function readPorcelain(text: string): ReadonlyMap<number, string> {
  const commits = new Map<string, Commit>()
  const found: { readonly commit: Commit; readonly line: number }[] = []
  let current: Commit | undefined
  for (const row of text.split('\n')) {
    const [, id, line] = /^([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?$/.exec(row) ?? []
    if (id !== undefined) {
      current = commits.get(id) ?? { author: '', isBoundary: notCommitted.test(id) }
      commits.set(id, current)
      found.push({ commit: current, line: Number(line) })
    } else if (current !== undefined) {
      if (row.startsWith('author ')) current.author = row.slice(7, 7 + maxName).trim()
      else if (row === 'boundary') current.isBoundary = true
    }
  }
  return new Map(
    found
      .filter(({ commit: { author, isBoundary } }) => author !== '' && !isBoundary)
      .map(({ commit, line }) => [line, commit.author]),
  )
}
