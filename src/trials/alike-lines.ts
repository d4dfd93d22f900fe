/** A line of a receipt, and the table that it names. */
export interface NamedLine {
  readonly text: string
  readonly name: string
}

/** Further names say no more. */
const mostNames = 6

/** Lines that differ in the table alone are one that names all of them: `AccessExclusiveLock on a, b and c (…)`. */
export function alikeLines(lines: readonly NamedLine[]): readonly string[] {
  const groups = new Map<
    string,
    { readonly before: string; readonly after: string; readonly names: Set<string> }
  >()
  for (const { text, name } of lines) {
    const at = ` ${text} `.indexOf(` ${name} `)
    const [before, after] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + name.length)]
    const key = `${before}\0${after}`
    const group = groups.get(key) ?? { before, after, names: new Set<string>() }
    if (at >= 0) group.names.add(name)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ before, after, names }) => `${before}${listed([...names])}${after}`)
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNames
  const shown = more > 1 ? [...names.slice(0, mostNames), `${more} more`] : names
  return shown.length <= 1 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
