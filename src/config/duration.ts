/** Units as Postgres spells them in settings such as lock_timeout, in milliseconds. */
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }

/** Milliseconds of `500ms`, `5s`, `1.5 min` or `1h`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s?(ms|s|min|h)$/.exec(text.trim())
  const unit = units[match?.[2] ?? '']
  return match?.[1] === undefined || unit === undefined ? undefined : Math.round(Number(match[1]) * unit)
}
