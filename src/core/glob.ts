/**
 * Path patterns of the configuration. Linear in pattern times path: a pattern from a merge request cannot
 * make the job hang, as a regular expression could.
 */

/**
 * Does the whole path match? `*` and `?` stay within one folder, `**` spans any number of folders, and a
 * pattern that names a folder covers everything below it. Both use `/`.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  const segments = path.split('/')
  const parts = pattern.replace(/\/+$/, '').split('/')
  return matchSegments(segments, parts) || matchSegments(segments, [...parts, '**'])
}

function matchSegments(path: readonly string[], pattern: readonly string[]): boolean {
  return matchWildcards(
    path,
    pattern,
    (part) => part === '**',
    (segment, part) => matchSegment(segment, part),
  )
}

function matchSegment(segment: string, part: string): boolean {
  return matchWildcards(
    [...segment],
    [...part],
    (character) => character === '*',
    (character, wanted) => wanted === '?' || wanted === character,
  )
}

/**
 * Greedy matching with one place to come back to: the last wildcard seen. Going back further never helps,
 * because a later wildcard can swallow whatever an earlier one could.
 */
function matchWildcards(
  text: readonly string[],
  pattern: readonly string[],
  isWildcard: (part: string) => boolean,
  isMatch: (item: string, part: string) => boolean,
): boolean {
  let textAt = 0
  let patternAt = 0
  let resume: { text: number; pattern: number } | undefined
  while (textAt < text.length) {
    const item = text[textAt]
    const part = pattern[patternAt]
    if (part !== undefined && isWildcard(part)) {
      resume = { text: textAt, pattern: patternAt }
      patternAt++
    } else if (item !== undefined && part !== undefined && isMatch(item, part)) {
      textAt++
      patternAt++
    } else if (resume === undefined) {
      return false
    } else {
      resume = { text: resume.text + 1, pattern: resume.pattern }
      textAt = resume.text
      patternAt = resume.pattern + 1
    }
  }
  return pattern.slice(patternAt).every(isWildcard)
}
