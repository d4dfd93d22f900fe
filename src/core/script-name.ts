/** Why a script may not get SQL of ours: other databases run it as well. Undefined: it may. */
export function runsElsewhere({
  otherDatabases = [],
}: {
  readonly otherDatabases?: readonly string[]
}): string | undefined {
  if (otherDatabases.length === 0) return undefined
  return `The file runs on ${otherDatabases.join(', ')} as well, which may not know this SQL.`
}

/** Tells the scripts of a run apart, those of one file included. */
export function scriptKey({ file, id }: { readonly file: string; readonly id?: string }): string {
  return id === undefined ? file : `${file}\0${id}`
}
