import { createHash } from 'node:crypto'
import type { SourceProblem } from '../core/source.ts'

/** The text of a file, and where what runs begins in it. */
export interface GraphileBody {
  readonly text: string
  readonly start: number
}

/** A script with the headers that hold it in its place. */
export interface CommittedScript {
  readonly file: string
  /** Digits of the name; undefined for the current migration. */
  readonly number: string | undefined
  readonly body: GraphileBody
  readonly hash?: string
  /** Null: it is the first. */
  readonly previous?: string | null
  readonly allowsInvalidHash?: boolean
}

/** parseMigrationText of graphile-migrate, which wants `Previous` and `Hash` and an empty line after the headers. */
export function readHeaders(
  file: string,
  number: string,
  text: string,
): { readonly script: CommittedScript; readonly problem?: SourceProblem } {
  const headers = new Map<string, string>()
  let start = 0
  let twice: string | undefined
  for (const line of text.split('\n')) {
    const header = /^--! ([A-Z]\w*)(?::(.*))?$/.exec(line)
    if (header?.[1] === undefined) break
    if (headers.has(header[1])) twice = header[1]
    headers.set(header[1], (header[2] ?? '').trim())
    start += line.length + 1
  }
  const previous = headers.get('Previous')
  const hash = headers.get('Hash')
  const script: CommittedScript = {
    file,
    number,
    body: { text, start: Math.min(start, text.length) },
    ...(hash === undefined ? {} : { hash }),
    ...(previous === undefined ? {} : { previous: previous === '-' ? null : previous }),
    allowsInvalidHash: headers.has('AllowInvalidHash'),
  }
  const wrong = defectOf({ previous, hash, twice, endsWell: text.slice(start).split('\n', 1)[0] === '' })
  return wrong === undefined ? { script } : { script, problem: refused(file, `${file} ${wrong}`) }
}

function defectOf(found: {
  readonly previous: string | undefined
  readonly hash: string | undefined
  readonly twice: string | undefined
  readonly endsWell: boolean
}): string | undefined {
  if (found.twice !== undefined) return `has the header ${found.twice} more than once`
  if (!found.endsWell && found.previous !== undefined) return 'has no empty line after its headers'
  if (found.previous === undefined || found.previous === '') return 'has no header `--! Previous:`'
  if (found.hash === undefined || found.hash === '') return 'has no header `--! Hash:`'
  return undefined
}

/** What getAllMigrations and runCommittedMigration of graphile-migrate find wrong with a series. */
export function chainProblems(scripts: readonly CommittedScript[]): readonly SourceProblem[] {
  const problems: SourceProblem[] = []
  let before: CommittedScript | undefined
  for (const script of scripts) {
    const { hash, previous } = script
    if (hash !== undefined && previous !== undefined) {
      if (previous !== (before?.hash ?? null)) problems.push(brokenChain(script, before))
      const isValid = hash === hashOf(script.body, previous)
      if (isValid === script.allowsInvalidHash) problems.push(wrongHash(script, isValid))
    }
    before = script
  }
  return problems
}

/** calculateHash in hash.js: of the previous hash and what stands below the headers. */
export function hashOf({ text, start }: GraphileBody, previous: string | null): string {
  const body = text.slice(start).trim()
  const content = `${`${previous ?? ''}\n${body}`.trim()}\n`
  return `sha1:${createHash('sha1').update(content).digest('hex')}`
}

function brokenChain(script: CommittedScript, before: CommittedScript | undefined): SourceProblem {
  const { file, number, previous } = script
  const isHole = before?.number !== undefined && BigInt(number ?? 0) > BigInt(before.number) + 1n
  const found = before === undefined ? 'there is none before it' : `the one before it is ${before.file}`
  const wanted = previous === null ? 'no migration before it' : `a migration with the hash ${previous}`
  return {
    code: isHole || before === undefined ? 'missing-version' : 'refused-by-tool',
    file,
    message: `${file} expects ${wanted}, but ${found}; Graphile Migrate refuses to run anything.`,
    remedy: 'Restore the migration that is missing, or uncommit this one and commit it again.',
  }
}

function wrongHash({ file }: CommittedScript, isValid: boolean): SourceProblem {
  return refused(
    file,
    isValid
      ? `${file} says AllowInvalidHash, but its hash is right`
      : `${file} was changed after it was committed: its text does not have the hash in its header`,
  )
}

function refused(file: string, what: string): SourceProblem {
  return {
    code: 'refused-by-tool',
    file,
    message: `${what}; Graphile Migrate refuses to run it.`,
    remedy: 'Write committed migrations with `graphile-migrate commit` and `uncommit` only.',
  }
}
