/** Names that scripts put together while they run, from dates for the most part: partitions of the month. */
export interface RunTimeNames {
  /** Could it be one of them? Only the beginning is known, and that a number follows. */
  couldBe(name: string): boolean
}

/** `format('create table events_%s …', to_char(now(), 'YYYYMM'))` */
const formatted = /\b([a-z_]\w*_[a-z]?)%(?:\d+\$)?[sI]/gi
/** `'events_' || to_char(now(), 'YYYYMM')` */
const joined = /'(?:[^'\n]*[\s."])?([a-z_]\w*_[a-z]?)'\s*\|\|/gi

export function namesMadeAtRunTime(texts: Iterable<string>): RunTimeNames {
  const prefixes = new Set<string>()
  for (const text of texts) {
    if (!/\bexecute\b|\\gexec\b/i.test(text)) continue
    for (const pattern of [formatted, joined])
      for (const [, prefix = ''] of text.matchAll(pattern)) prefixes.add(prefix.toLowerCase())
  }
  return {
    couldBe: (name) =>
      [...prefixes].some(
        (prefix) => name.toLowerCase().startsWith(prefix) && /^\w*\d/.test(name.slice(prefix.length)),
      ),
  }
}
