import type { WriteRequest } from '../core/source.ts'
import { folderOf, joinPath, nameOf } from './paths.ts'

/** The name of a migration, taken apart: `V` `12` `__` of `V12__add_x.sql`. */
export interface NumberedName {
  readonly before: string
  /** Digits, with `-`, `_` or `.` between them where the tool allows that. */
  readonly number: string
  readonly separator: string
}

const pattern = /^([A-Za-z+]*)(\d+(?:-\d+)*)(_{1,2}|[-. ])/

/** Reads a name that begins with a number, or letters and a number; undefined when there is none. */
export function numberedName(name: string): NumberedName | undefined {
  const [, before = '', number, separator = '_'] = pattern.exec(name) ?? []
  return number === undefined ? undefined : { before, number, separator }
}

/** Names right behind a migration's, in order; or why there are none. */
export type NewNames = { readonly names: readonly string[] } | { readonly cannot: string }

/**
 * Names for the new scripts: the migration's own with the next numbers, of as many digits, and the titles of the pieces.
 * @param name the migration's own, as the tool sorts it: of its file or its folder
 * @param taken names that the tool sorts with it
 * @param ending what stands behind the title: `.up.sql`
 */
export function namesBehind(
  name: string,
  taken: readonly string[],
  titles: readonly string[],
  ending: string,
): NewNames {
  if (titles.length === 0) return { names: [] }
  const own = numberedName(name)
  if (own === undefined)
    return { cannot: `${name} has no number in front, so nothing can be sorted behind it.` }
  const { before, number, separator } = own
  const value = valueOf(number)
  const others = taken
    .flatMap((other) => numberedName(other) ?? [])
    .map((other) => valueOf(other.number))
    .filter((other) => other > value)
  const next = others.length === 0 ? undefined : others.reduce((a, b) => (a < b ? a : b))
  const numbers: string[] = []
  let last = number
  for (let count = 0; count < titles.length; count++) {
    const following = successor(last)
    if (following.length > number.length || (next !== undefined && valueOf(following) >= next))
      return { cannot: noRoom(name, next) }
    numbers.push(following)
    last = following
  }
  const word = separator.startsWith('-') ? '-' : '_'
  return {
    names: numbers.map(
      (one, index) => `${before}${one}${separator}${slug(titles[index] ?? '', word)}${ending}`,
    ),
  }
}

/** The same for files beside the script's own: whole paths. */
export async function pathsBehind(
  { files, script, pieces }: WriteRequest,
  ending: string,
): Promise<{ readonly paths: readonly string[] } | { readonly cannot: string }> {
  const dir = folderOf(script.file)
  const beside = (await files.list()).filter((path) => folderOf(path) === dir).map(nameOf)
  const titles = pieces.map(({ title }) => title)
  const found = namesBehind(nameOf(script.file), beside, titles, ending)
  return 'cannot' in found ? found : { paths: found.names.map((name) => joinPath(dir, name)) }
}

function noRoom(name: string, next: bigint | undefined): string {
  return next === undefined
    ? `There is no number behind that of ${name}.`
    : `There are not enough numbers between that of ${name} and ${next}, which is taken: give the later migrations higher numbers first.`
}

/** Letters, digits and underscores (or dashes), at most 60 of them. */
export function slug(title: string, word: '_' | '-'): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, word)
    .slice(0, 60)
  return words.replaceAll(/^[-_]+|[-_]+$/g, '') || 'next'
}

function valueOf(number: string): bigint {
  return BigInt(number.replaceAll('-', ''))
}

/** The next number of as many digits; of a point in time, the next second (minute, day, millisecond). */
export function successor(number: string): string {
  const digits = number.replaceAll('-', '')
  const next = nextTime(digits) ?? String(BigInt(digits) + 1n).padStart(digits.length, '0')
  if (next.length !== digits.length) return next
  // dashes stay where they are
  let at = 0
  return number.replaceAll(/\d/g, () => next[at++] ?? '')
}

/** By the number of digits, the last unit in milliseconds. */
const units: Readonly<Record<number, number>> = { 8: 86_400_000, 12: 60_000, 14: 1000, 17: 1 }

/** Undefined when the digits are no date between 1970 and 2100. */
function nextTime(digits: string): string | undefined {
  const unit = units[digits.length]
  if (unit === undefined) return undefined
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', ms = '000'] =
    /^(\d{4})(\d{2})(\d{2})(\d{2})?(\d{2})?(\d{2})?(\d{3})?$/.exec(digits) ?? []
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`)
  if (Number.isNaN(time) || time < 0 || time > Date.UTC(2100)) return undefined
  const isReal = stamp(time).startsWith(digits)
  return isReal ? stamp(time + unit).slice(0, digits.length) : undefined
}

/** 17 digits. */
function stamp(time: number): string {
  return new Date(time).toISOString().replaceAll(/\D/g, '')
}
