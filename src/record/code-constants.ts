/** Names that a migration in code gives to words: `const TABLE = 'orders'`, by which the lines below call the table. */
export type CodeConstants = ReadonlyMap<string, string>

/** A name that is given twice stands for nothing. */
export function constantsOf(text: string): CodeConstants {
  const found = new Map<string, string>()
  const twice = new Set<string>()
  for (const line of text.split('\n')) {
    const { name, value } = constant.exec(line)?.groups ?? {}
    if (name === undefined || value === undefined) continue
    if (found.has(name)) twice.add(name)
    found.set(name, value)
  }
  for (const name of twice) found.delete(name)
  return found
}

/** Does the line do nothing but name a word? */
export function isConstant(line: string): boolean {
  return constant.test(line)
}

const constant =
  /^\s*(?:(?:export|public|private|protected|static|final|readonly|const|let|var|val|String)\s+)*(?<name>[A-Za-z_$][\w$]+)\s*(?::\s*\w+\s*)?=\s*(?:(?<quote>['"`])|:)(?<value>[A-Za-z_]\w*)\k<quote>(?:\.freeze)?(?:\s+as\s+const)?\s*(?:;\s*)?(?:(?:#|\/\/).*)?$/
