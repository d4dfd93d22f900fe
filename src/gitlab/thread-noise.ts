/**
 * When does a thread say something else? Estimates differ from run to run, and an edit of every thread on every push is
 * what reviewers learn to ignore: numbers that stay within a factor are left as they stand there.
 */

/** Estimates that differ by less say the same. */
const factor = 1.5

/** Below it, differences decide nothing: of ms, of bytes, of sessions. */
const floors = { ms: 100, bytes: 16 * 1024 ** 2, things: 10 } as const

type Unit = keyof typeof floors

const sizes: Readonly<Record<string, readonly [Unit, number]>> = {
  ms: ['ms', 1],
  s: ['ms', 1000],
  min: ['ms', 60_000],
  h: ['ms', 3_600_000],
  d: ['ms', 86_400_000],
  byte: ['bytes', 1],
  bytes: ['bytes', 1],
  kB: ['bytes', 1024],
  MB: ['bytes', 1024 ** 2],
  GB: ['bytes', 1024 ** 3],
  TB: ['bytes', 1024 ** 4],
  PB: ['bytes', 1024 ** 5],
}

const amount = String.raw`(?:under )?\d[\d.,]{0,20} (?:ms|s|min|h|d|bytes?|[kMGTP]B)(?: \d{1,3} (?:s|min|h))?(?![\w-])`

/** An estimate with or without its range, as formatMsRange() and its like write them. */
const estimate = new RegExp(
  String.raw`(?:about )?(${amount})(?: \((${amount}) to (${amount})\))?|` +
    String.raw`(?:about )?((?:under )?[\d,]{1,20})(?: \(((?:under )?[\d,]{1,20}) to ((?:under )?[\d,]{1,20})\))?(?= sessions)|` +
    String.raw`(?<= at )(\d[\d,]{0,20})(?= rows)|` +
    String.raw`(?<![\d.,])(\d[\d.,]{0,20})(?= per (?:second|minute|hour)\b)`,
  'g',
)

/** Which samples were taken follows from the speed of the day. */
const samples = /estimated from (?:a sample|samples) of [\d,]{1,20}(?:(?:, | and )[\d,]{1,20}){0,20} rows/g

/** Of EXPLAIN, in blocks without a language: new statistics move every one of them. */
const planNumbers = /\(cost=[\d.]{1,60} rows=\d{1,20} width=\d{1,12}\)/g

/**
 * Do the two texts differ in estimates only, and in none by more than a factor? What stands in code blocks must be the
 * same to the letter, because people apply it; the numbers of plans nobody applies.
 */
export function isSameButForNoise(one: string, other: string): boolean {
  const [a, b] = [readText(one), readText(other)]
  return (
    a.words === b.words &&
    a.estimates.length === b.estimates.length &&
    a.estimates.every((each, index) => isNear(each, b.estimates[index]))
  )
}

interface Estimate {
  readonly unit: Unit
  readonly value: number
  readonly low: number
  readonly high: number
}

function isNear(a: Estimate, b: Estimate | undefined): boolean {
  if (a.unit !== b?.unit) return false
  const floor = floors[a.unit]
  return [
    [a.value, b.value],
    [a.low, b.low],
    [a.high, b.high],
  ].every(([x = 0, y = 0]) => {
    const [small, large] = [Math.max(Math.min(x, y), floor), Math.max(x, y, floor)]
    return large <= small * factor
  })
}

interface ReadText {
  /** The text with a sign for each estimate. */
  readonly words: string
  readonly estimates: readonly Estimate[]
}

function readText(text: string): ReadText {
  const estimates: Estimate[] = []
  let fence: string | undefined
  let isPlan = false
  const lines = text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => {
      const [mark] = /^`{3,}/.exec(line) ?? []
      if (fence === undefined && mark === undefined) return readLine(line, estimates)
      if (fence === undefined) {
        fence = mark
        isPlan = mark === line.trimEnd()
      } else if (mark !== undefined && mark.length >= fence.length) fence = undefined
      // the server may store the ends of lines differently from how they were sent
      return isPlan ? line.trimEnd().replaceAll(planNumbers, sign) : line.trimEnd()
    })
  return { words: lines.join('\n').trimEnd(), estimates }
}

/** The sign is a character that our own texts never hold: they spell it out. */
const sign = '\u0000'

function readLine(line: string, estimates: Estimate[]): string {
  return line
    .trimEnd()
    .replaceAll(samples, `estimated from samples${sign}`)
    .replaceAll(estimate, (found: string, ...groups: readonly (string | undefined)[]) => {
      const [time, timeLow, timeHigh, many, manyLow, manyHigh, rows, rate] = groups
      const [value, low, high] =
        time === undefined ? [many ?? rows ?? rate ?? '', manyLow, manyHigh] : [time, timeLow, timeHigh]
      const read = readAmount(value)
      if (read === undefined) return found
      estimates.push({
        ...read,
        low: readAmount(low ?? value)?.value ?? read.value,
        high: readAmount(high ?? value)?.value ?? read.value,
      })
      return sign
    })
}

/** `2 min 10 s`, `under 1 ms`, `3.1 GB`, `16,000`. */
function readAmount(text: string): Pick<Estimate, 'unit' | 'value'> | undefined {
  const parts = [...text.matchAll(/(\d[\d.,]*)(?: ([a-zA-Z]+))?/g)]
  let unit: Unit = 'things'
  let value = 0
  for (const [, number = '', name] of parts) {
    const [kind, size] = name === undefined ? (['things', 1] as const) : (sizes[name] ?? [undefined, 0])
    if (kind === undefined) return undefined
    unit = kind
    value += Number(number.replaceAll(',', '')) * size
  }
  return Number.isFinite(value) ? { unit, value } : undefined
}
