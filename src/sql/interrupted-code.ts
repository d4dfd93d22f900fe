/** Code that commits in its middle, made to break off there. */
import { isWord, tokenize, type Token } from './tokens.ts'

/** Words behind which a statement of PL/pgSQL begins. */
const beginners = ['BEGIN', 'THEN', 'ELSE', 'LOOP']

/** Not caught by WHEN OTHERS (errcodes.txt, plpgsql's exception handlers). */
const breaksOff = " raise exception using errcode = 'query_canceled', message = 'broken off here';"

/**
 * DO or CREATE PROCEDURE with an error behind each COMMIT of its dollar-quoted body, so that it ends like a session that
 * was killed there. Undefined where its text has no COMMIT.
 */
export function brokenOffAtCommit(sql: string): string | undefined {
  for (const { kind, text, start } of tokenize(sql)) {
    if (kind !== 'literal' || !text.startsWith('$')) continue
    const tag = text.slice(0, text.indexOf('$', 1) + 1)
    const body = text.slice(tag.length, text.length - tag.length)
    const places = commitsIn(body)
    if (places.length === 0) continue
    const offset = start + tag.length
    return places.reduceRight(
      (changed, at) => changed.slice(0, offset + at) + breaksOff + changed.slice(offset + at),
      sql,
    )
  }
  return undefined
}

/** Offsets behind the semicolons of COMMIT and COMMIT AND [NO] CHAIN. */
function commitsIn(body: string): readonly number[] {
  const tokens = tokenize(body)
  return tokens.flatMap((token, index) => {
    if (!isWord(token, 'COMMIT') || !beginsStatement(tokens[index - 1])) return []
    const end = tokens.slice(index + 1, index + longestEnd).find(({ text }) => text === ';')
    return end === undefined ? [] : [end.end]
  })
}

/** `AND NO CHAIN ;` */
const longestEnd = 5

function beginsStatement(before: Token | undefined): boolean {
  return before?.text === ';' || beginners.some((word) => isWord(before, word))
}
