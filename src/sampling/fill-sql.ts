import { createHash } from 'node:crypto'
import { escapeIdentifier } from 'pg'

/** A column's name as SQL. */
export function quoted(name: string): string {
  return escapeIdentifier(name)
}

/** The number of a row, as {@link rowsSql} calls it: no column's name. */
export const rowNumber = 'fill_g'

/** A pseudo-random bigint from 0 on that depends on `n` (SQL of a bigint) and the salt only. */
export function hashSql(n: string, salt: number): string {
  return `(hashint8extended(${n}, ${salt}) & 9223372036854775807)`
}

/** 1 … count, at random. */
export function pickSql(n: string, salt: number, count: number): string {
  return count <= 1 ? '1::int8' : `(1 + ${hashSql(n, salt)} % ${count})`
}

/** 1 … count, round and round. */
export function wrapSql(n: string, count: number): string {
  return count <= 1 ? '1::int8' : `((${n} - 1) % ${count} + 1)`
}

/** n-th element of a list of SQL expressions of one type, round and round. */
export function elementSql(list: readonly string[], type: string, n: string): string {
  return `(array[${list.join(', ')}]::${type}[])[(${wrapSql(n, list.length)})::int4]`
}

/** Words of five letters, so that the length of what is made of them does not vary. */
const words: readonly string[] = (
  'amber basil cedar delta ember fjord grape hazel ivory jolly karma lemon maple noble ocean piano quiet river ' +
  'solar tiger umber vivid wheat young zebra agile berry chess dusky eagle flint glass honey inlet jewel kiosk ' +
  'lunar mango north olive pearl quilt robin stone topaz ultra vapor waltz yacht azure birch coral dwell elbow ' +
  'frost globe house igloo joint koala latch metal'
).split(' ')

export const wordCount: number = words.length

/** An array of a type of fixed length is indexed without a walk. */
const wordList = `'{${words.join(',')}}'::name[]`

/** A word that depends on n and the salt. */
export function wordSql(n: string, salt: number): string {
  return `(${wordList})[(1 + ${hashSql(n, salt)} % ${wordCount})::int4]::text`
}

/** Two words in five of English prose are no lexemes (snowball_create.sql: english.stop). */
const stopWords: readonly string[] =
  'about after again being below their there these those under where which while'.split(' ')

/** Bytes of the running text from which longer texts are cut. */
const textBytes = 4096

function pseudoRandom(bytes: number): Buffer {
  const parts: Buffer[] = []
  for (let index = 0; index * 64 < bytes; index += 1)
    parts.push(createHash('sha512').update(`fill ${index}`).digest())
  return Buffer.concat(parts).subarray(0, bytes)
}

function runningText(): Buffer {
  const random = pseudoRandom(textBytes)
  const parts = Array.from(random, (byte) =>
    byte < 102 ? (stopWords[byte % stopWords.length] ?? '') : (words[byte % wordCount] ?? ''),
  )
  return Buffer.from(parts.join(' ').slice(0, textBytes + 2048), 'latin1')
}

/**
 * Words of letters in no order: what does not compress. Rows cut theirs from the same ones, so that an index of words
 * has a vocabulary.
 */
function noise(bytes: number): Buffer {
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const space = 32
  return Buffer.from(
    Array.from(pseudoRandom(bytes), (byte, at) =>
      at % 8 === 7 ? space : (alphabet.codePointAt(byte % alphabet.length) ?? space),
    ),
  )
}

const running = runningText()

/**
 * FROM clause that gives {@link rowNumber} from one number to another, and the texts that generators cut their values from.
 * @param noiseBytes how much there has to be that does not compress
 */
export function rowsSql(from: number, to: number, noiseBytes: number): string {
  const text = `'\\x${running.toString('hex')}'::bytea`
  const dense = noiseBytes === 0 ? `''::bytea` : `'\\x${noise(noiseBytes).toString('hex')}'::bytea`
  return `generate_series(${from}::int8, ${to}::int8) fill_rows(${rowNumber}), (values (${text}, ${dense})) fill_text(words, noise)`
}

/** `length` bytes of running text, as text, from one of 500 places: a limited vocabulary, as documents have it. */
export function proseSql(n: string, salt: number, length: number): string {
  const pieces: string[] = []
  for (let left = Math.round(length), at = 0; left > 0; left -= 2048, at += 1) {
    const start = `(1 + ${hashSql(n, salt + at)} % 500 * 6)::int4`
    pieces.push(`encode(substr(fill_text.words, ${start}, ${Math.min(left, 2048)}), 'escape')`)
  }
  return pieces.length === 0 ? `''` : `(${pieces.join(' || ')})`
}

/** Noise that {@link rowsSql} has to offer for values of this length. */
export function noiseBytesFor(length: number): number {
  return Math.min(mostNoise, Math.ceil(length) * 2 + 1024)
}

const mostNoise = 256 * 1024

/** `length` bytes that do not compress, as bytea. */
export function noiseSql(n: string, salt: number, length: number): string {
  const total = noiseBytesFor(length)
  const piece = Math.floor(total / 2)
  const pieces: string[] = []
  for (let left = Math.round(length), at = 0; left > 0; left -= piece, at += 1) {
    const start = `(1 + ${hashSql(n, salt + at)} % ${total - piece})::int4`
    pieces.push(`substr(fill_text.noise, ${start}, ${Math.min(left, piece)})`)
  }
  return pieces.length === 0 ? `''::bytea` : `(${pieces.join(' || ')})`
}
