/** The majors that we promise to work on: with every test on the oldest and the newest, with the pipeline on all. */
export const allMajors: readonly number[] = [14, 15, 16, 17, 18]

/** Majors that are not installed for every run of the tests. */
export const between: readonly number[] = allMajors.slice(1, -1)

/**
 * The majors that tests replay on, oldest first: the oldest and the newest, or what PGREHEARSE_MAJORS says
 * (`15,16`, or `all`).
 * @throws where the variable names something else
 */
export function wantedMajors(variable: string | undefined): readonly number[] {
  if (variable === undefined || variable === '') return [14, 18]
  if (variable === 'all') return allMajors
  const named = variable.split(',').map(Number)
  const strange = named.find((major) => !allMajors.includes(major))
  if (strange !== undefined) throw new Error(`PGREHEARSE_MAJORS is '${variable}'; it may name 14 to 18.`)
  return named.toSorted((a, b) => a - b)
}
