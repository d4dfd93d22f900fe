/**
 * The elements of an array of one dimension as Postgres prints it (array_out(), arrayfuncs.c); undefined when it is
 * none, or has NULLs. Statistics print their values so.
 */
export function arrayElements(text: string): readonly string[] | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined
  if (text === '{}') return []
  const elements: string[] = []
  const element = /"((?:[^"\\]|\\[\s\S])*)"|([^{},"\\\s][^{},"\\]*)/y
  let at = 1
  while (at < text.length) {
    element.lastIndex = at
    const match = element.exec(text)
    if (match === null || match[2]?.toUpperCase() === 'NULL') return undefined
    elements.push(match[2] ?? (match[1] ?? '').replaceAll(/\\([\s\S])/g, '$1'))
    at = element.lastIndex
    if (text[at] !== ',' && at !== text.length - 1) return undefined
    at += 1
  }
  return elements
}
