/** The up section of a dbmate file, or why dbmate refuses the file. Offsets are those of its text. */
export type DbmateSections =
  | {
      readonly start: number
      readonly end: number
      readonly inTransaction: boolean
      readonly down: { readonly start: number; readonly end: number; readonly inTransaction: boolean }
      /** A second up section, which dbmate cannot note under the same version. */
      readonly isRepeated: boolean
    }
  | { readonly refusal: string; readonly remedy: string }

const up = /^--\s*migrate:up(?:\s*$|\s+\S+)/gm
const down = /^--\s*migrate:down(?:\s*$|\s+\S+)/gm

/** As parseMigrationContents in pkg/dbmate/migration.go of amacneil/dbmate v2.35 reads it. */
export function readDbmateSections(text: string): DbmateSections {
  const [first, second] = [...text.matchAll(up)].map(({ index }) => index)
  if (first === undefined) {
    return { refusal: 'it has no "-- migrate:up"', remedy: 'Put "-- migrate:up" before the first statement.' }
  }
  const before = text.slice(0, first).split('\n')
  if (before.some((line) => !/^\s*(?:--|$)/.test(line))) {
    return { refusal: 'something stands before "-- migrate:up"', remedy: 'Move it behind "-- migrate:up".' }
  }
  const section = text.slice(first, second)
  const downs = [...section.matchAll(down)].map(({ index }) => index)
  const [end] = downs
  if (end === undefined) {
    const remedy = 'End the up section with "-- migrate:down", even if nothing follows.'
    return { refusal: 'no "-- migrate:down" follows its "-- migrate:up"', remedy }
  }
  if (downs.length > 1) return { refusal: 'it has two down sections', remedy: 'Keep one of them.' }
  const inTransaction = optionsOf(section).get('transaction') !== 'false'
  const from = first + end
  const to = second ?? text.length
  return {
    start: first,
    end: from,
    inTransaction,
    down: {
      start: from,
      end: to,
      inTransaction: optionsOf(text.slice(from, to)).get('transaction') !== 'false',
    },
    isRepeated: second !== undefined,
  }
}

/** `transaction:false` and whatever else stands in the line of the comment. */
function optionsOf(section: string): ReadonlyMap<string, string> {
  const line = section.split('\n', 1)[0] ?? ''
  const pairs = line
    .replace(/^--\s*migrate:(?:up|down)/, '')
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split(':'))
  return new Map(pairs.flatMap(([key = '', value = '', ...rest]) => (rest.length > 0 ? [] : [[key, value]])))
}
