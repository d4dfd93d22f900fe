/** Timing, medians and the lines that every benchmark prints. */

/** Milliseconds that the work takes. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export interface Comparison {
  readonly title: string
  /** What one round of the baseline and of our work does; each resolves to milliseconds. */
  readonly baseline: { readonly name: string; readonly round: () => Promise<number> }
  readonly ours: { readonly name: string; readonly round: () => Promise<number> }
  readonly rounds: number
  /** Largest ratio that we aim at. */
  readonly aim: number
}

/**
 * Runs baseline and ours in turns, so that a slow moment of the machine meets both, after one round of each
 * that does not count, and prints the medians, their ratio, and the spread of the ratios of the rounds.
 */
export async function compare({ title, baseline, ours, rounds, aim }: Comparison): Promise<void> {
  console.log(title)
  await baseline.round()
  await ours.round()
  const pairs: { readonly baseline: number; readonly ours: number }[] = []
  for (let round = 0; round < rounds; round++) {
    pairs.push({ baseline: await baseline.round(), ours: await ours.round() })
  }
  const base = median(pairs.map((pair) => pair.baseline))
  const own = median(pairs.map((pair) => pair.ours))
  const ratios = pairs.map((pair) => pair.ours / pair.baseline)
  const width = Math.max(baseline.name.length, ours.name.length)
  console.log(`  ${baseline.name.padEnd(width)}  ${formatMs(base)}`)
  console.log(`  ${ours.name.padEnd(width)}  ${formatMs(own)}`)
  console.log(
    `  ratio ${(own / base).toFixed(2)} (aim: at most ${aim}; median of ${rounds} rounds, ` +
      `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  )
}

function formatMs(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0).padStart(8)} ms`
}
