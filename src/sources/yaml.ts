/** Nobody writes longer settings by hand; a hostile text of this length costs seconds. Changelogs are generated, too. */
const longestSettings = 100_000
const longestChangelog = 1_000_000

/** Flow collections in one another; compact ones of one line; blanks before a line: each level is a call of the parser. */
const mostOpen = 200
const tooDeep = /(?:[-?:][ \t]+){50}|^ {500}/m

/**
 * Does the text end the YAML parser neither by its length nor by its depth? A stack that overflows inside of it ends the
 * whole process, which nothing can catch.
 */
export function isPlainYaml(text: string, longest = longestChangelog): boolean {
  if (text.length > longest || tooDeep.test(text)) return false
  let open = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '[' || char === '{') open += 1
    else if ((char === ']' || char === '}') && open > 0) open -= 1
    if (open > mostOpen) return false
  }
  return true
}

/** Errors are not shown, and comparing all keys of a map with each other takes the square of their number. */
export const yamlOptions = { prettyErrors: false, uniqueKeys: false } as const

/**
 * What the documents of a YAML text of a merge request hold, without those that are wrong: mistakes, aliases that name
 * nothing, or so many of them that they would fill the memory.
 */
export async function yamlValues(text: string): Promise<readonly unknown[]> {
  if (!isPlainYaml(text, longestSettings)) return []
  // Loaded where there is such a file only: it would cost every run a good part of its start-up.
  const { parseAllDocuments } = await import('yaml')
  return parseAllDocuments(text, yamlOptions).flatMap((document): readonly unknown[] => {
    if (document.errors.length > 0) return []
    try {
      return [document.toJS() as unknown]
    } catch {
      return []
    }
  })
}
