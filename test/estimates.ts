import { readFile } from 'node:fs/promises'

/** Estimates vary from run to run; texts that hold them are compared without. */

const duration = String.raw`(?:\d+ d(?: \d+ h)?|\d+ h(?: \d+ min)?|\d+ min(?: \d+ s)?|[\d.]+ m?s)\b`
const bytes = String.raw`[\d.]+ (?:bytes?|kB|MB|GB|TB|PB)\b`
const several = String.raw`[\d,]+(?:, [\d,]+)*(?: and [\d,]+)?`

/** `X` and behind it, in brackets, `X to X`. */
function ranged(one: string): string {
  return String.raw`(?:under )?${one}(?: \((?:under )?${one} to (?:under )?${one}\)| \(at most (?:under )?${one}\))?`
}

/** What is said or not according to how far a machine got in the time for samples. */
const luck = [
  'sampled with large memory only: WAL of checkpoints is in the high end(?:, temporary files are left out)?',
  'one sample does not tell the two tables of the foreign key apart',
  'the referenced table was filled with fewer rows than production has',
  'not sampled, because (?:the time for sampling was over(?: before it began)?|it takes too long even with few rows)',
].join('|')

/** `<bytes> of WAL, <bytes> of temporary files and <bytes> of disk at its peak`, or some of that. */
const amount = '<bytes> of (?:WAL|temporary files|disk at its peak)'
const amounts = new RegExp(`${amount}(?:(?:,| and) ${amount})*`, 'g')

/**
 * The text with every duration, every size in bytes, every number of sessions and the sizes of samples replaced by
 * their names, with or without a range: two texts that differ in nothing else become equal, and nothing else does.
 * So do the numbers of plans. White space is folded, because longer numbers wrap lines elsewhere. Notes on how well a machine could sample are left
 * out.
 */
export function maskEstimates(text: string): string {
  return (
    text
      .replaceAll(/[^\S\n]*\n[^\S\n]*/g, '\n')
      .replaceAll(/(?<!\n)\n(?!\n)/g, ' ')
      .replaceAll(/ {2,}/g, ' ')
      .replaceAll(new RegExp(String.raw`(?:about )?${ranged(duration)}`, 'g'), '<time>')
      .replaceAll(new RegExp(String.raw`(?:about )?${ranged(bytes)}`, 'g'), '<bytes>')
      .replaceAll(/about [\d,]+(?: \([\d,]+ to [\d,]+\))? sessions/g, '<sessions>')
      .replaceAll(amounts, '<amounts>')
      // small amounts are left out: which are small differs from run to run
      .replaceAll(/(?: *> *- )?costs <amounts>/g, '')
      .replaceAll(
        new RegExp(`(?:(?:a )?samples? of ${several} rows|sizes)( at [^.,]+ speed)?(?:, not sampled)?`, 'g'),
        '<basis>$1',
      )
      .replaceAll(new RegExp(String.raw`(?: *> *- )?(?:${luck})`, 'g'), '')
      // a quiet statement is told of when it takes a minute, which one in the shop nearly does
      .replaceAll(/ line \d+: at [\d,]+ rows of \w+ <time>, <amounts>, estimated from <basis>/g, '')
      .replaceAll(/ {2,}/g, ' ')
      .replaceAll(/\b\d+ days? old\b|less than a day old/g, '<age>')
      .replaceAll(/\(cost=[\d.]+ rows=\d+ width=\d+\)/g, '<cost>')
  )
}

/**
 * What a generated file should hold: what it holds already where the new text differs in estimates only, so that a
 * file snapshot of it neither fails nor is written anew for noise.
 */
export async function steady(text: string, file: string | URL): Promise<string> {
  const committed = await readFile(file, 'utf8').catch(() => undefined)
  return committed !== undefined && maskEstimates(committed) === maskEstimates(text) ? committed : text
}
