/** Names of a schema snapshot: qualified, and quoted where Postgres quotes them. */

/** The parts of a name without their quotes; of a routine without its arguments. */
export function nameParts(identity: string): readonly string[] {
  const parts: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^."(]+))(\.|$|(?=\())/y
  while (pattern.lastIndex < identity.length) {
    const match = pattern.exec(identity)
    if (match === null) break
    parts.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] !== '.') break
  }
  return parts
}

/** The last part. */
export function lastPart(identity: string): string {
  return nameParts(identity).at(-1) ?? identity
}

/** What a part of a table hangs on, still quoted: `public.orders` for `public.orders.total`. */
export function withoutLast(identity: string): string {
  return /^(.*)\.(?:"(?:[^"]|"")*"|[^."]+)$/su.exec(identity)?.[1] ?? identity
}

/** As people call it: without the schema where that is `public`. */
export function shownName(identity: string): string {
  return identity.replace(/^public\./, '')
}

/** `schema.name` without quotes, as catalogues refer to tables. */
export function plainName(identity: string): string {
  return nameParts(identity).slice(0, 2).join('.')
}
