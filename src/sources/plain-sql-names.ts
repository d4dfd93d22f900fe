import { compareNumbers, compareText, nameOf } from './paths.ts'

/** What the name of a plain script says about its place in the order. */
export interface PlainName {
  readonly file: string
  /** `2024.1.5` for dates and dotted versions, `12` for a plain number. */
  readonly version: string
  /** Numbers of the folders below the root, then of the file. */
  readonly order: readonly bigint[]
  readonly title: string
  /** A calendar day without a time: two scripts of one day are nothing unusual. */
  readonly isDay: boolean
}

const datePattern =
  /^(\d{4})([-_])(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:[-_T](\d{1,6}(?:[-_]?\d{2}){0,2}))?(?![\dA-Za-z])/
const dottedPattern = /^[vV]?(\d+(?:\.\d+)+)(?=[._\- ]|$)/
const numberPattern = /^[vV]?(\d+)(?!\d)/
const dayPattern = /^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/

/** Down scripts in the spellings people use: `x.down.sql`, `x_down.sql`, `x.rollback.sql`, `x-undo.sql`. */
export function isDownName(name: string): boolean {
  return (
    /[._-](?:down|rollback|undo|revert)\.sql$/i.test(name) ||
    /^(?:down|rollback|undo|revert)[._-]/i.test(name)
  )
}

/** What a script and the one that undoes it have in common: `x` of `x.sql` and `x.up.sql`. */
export function upStem(name: string): string {
  return name.replace(/(?:[._-]up)?\.sql$/i, '')
}

/** `x` of `x.down.sql` and its like; undefined for other names. */
export function downStem(name: string): string | undefined {
  return /^(.+)[._-](?:down|rollback|undo|revert)\.sql$/i.exec(name)?.[1]
}

/** Folders named like this hold the way down or tests, never the way up. */
export function isDownFolder(dir: string): boolean {
  return /(?:^|\/)(?:down|rollbacks?|undo|reverts?|verify)$/i.test(dir)
}

/** The leading number, date or dotted version of a name; undefined when it starts with none. */
export function leadingNumber(
  name: string,
): { readonly parts: readonly bigint[]; readonly length: number; readonly isDay: boolean } | undefined {
  const date = datePattern.exec(name)
  if (date !== null) {
    const digits = [date[1], date[3], date[4], date[5]?.replaceAll(/\D/g, '')].filter(
      (part) => part !== undefined,
    )
    return { parts: digits.map(BigInt), length: date[0].length, isDay: date[5] === undefined }
  }
  const dotted = dottedPattern.exec(name)
  if (dotted?.[1] !== undefined) {
    return { parts: dotted[1].split('.').map(BigInt), length: dotted[0].length, isDay: false }
  }
  const number = numberPattern.exec(name)
  if (number?.[1] === undefined) return undefined
  return { parts: [BigInt(number[1])], length: number[0].length, isDay: dayPattern.test(number[1]) }
}

/** Reads the name of a script below `root`; undefined when it or one of its folders has no number in front. */
export function parsePlainName(file: string, root: string): PlainName | undefined {
  const below = root === '' ? file : file.slice(root.length + 1)
  const folders = below.split('/').slice(0, -1).map(leadingNumber)
  const stem = nameOf(file).replace(/(?:\.up)?\.sql$/i, '')
  const number = leadingNumber(stem)
  if (number === undefined || folders.includes(undefined)) return undefined
  const order = [...folders.flatMap((folder) => folder?.parts ?? []), ...number.parts]
  const rest = stem.slice(number.length)
  // `002a_orgs`, `002b_link`: whoever gives letters means an order by them
  const letter = /^[A-Za-z](?=[._\- ])/.exec(rest)?.[0] ?? ''
  return {
    file,
    version: `${order.join('.')}${letter}`,
    order,
    title: titleOf(rest.slice(letter.length)),
    isDay: number.isDay,
  }
}

/** `_add_users-table` -> `add users table`. */
export function titleOf(rest: string): string {
  return rest.replaceAll(/[_\-. ]+/g, ' ').trim()
}

/** By number, then by name. */
export function comparePlainNames(a: PlainName, b: PlainName): number {
  return compareNumbers(a.order, b.order) || compareText(a.file, b.file)
}
