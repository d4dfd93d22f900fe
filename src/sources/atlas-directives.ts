/**
 * Arguments of the directives of that name among the comments at the top of a file. An empty line must follow those
 * comments, unless the file holds nothing else: else they belong to the first statement and say nothing (comments() and
 * Directive() of LocalFile in sql/migrate/dir.go of ariga/atlas; a line of Windows is none that is empty).
 */
export function atlasDirectives(text: string, name: string): readonly string[] {
  const lines: string[] = []
  let at = 0
  while (text.startsWith('#', at) || text.startsWith('--', at)) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    lines.push(text.slice(at, end).trim())
    at = newline < 0 ? end : end + 1
  }
  if (at < text.length && !/^[ \t]*\n/.test(text.slice(at, at + 1000))) return []
  return lines.flatMap((line) => {
    const match = /^[ -~]*atlas:(\w+)(?: +(.+))?/.exec(line)
    return match?.[1] === name ? [match[2] ?? ''] : []
  })
}
