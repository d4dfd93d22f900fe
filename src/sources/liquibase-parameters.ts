/** One value of a parameter; `file` is set for those that hold in their own changelog only (global:false). */
interface Parameter {
  readonly name: string
  readonly value: string
  readonly file?: string
}

/** Parameters that Liquibase itself sets on Postgres (ChangeLogParameters.java). */
const builtIn: Readonly<Record<string, string>> = {
  'database.typeName': 'postgresql',
  'database.databaseProductName': 'PostgreSQL',
  'database.lineComment': '--',
  'database.currentDateTimeFunction': 'NOW()',
  'database.databaseChangeLogTableName': 'DATABASECHANGELOG',
  'database.databaseChangeLogLockTableName': 'DATABASECHANGELOGLOCK',
}

/** How deep values may name other parameters, so that `a=${a}` ends. */
const deepest = 16

/** How many values one text may take: values that name each other multiply without end. */
const most = 20_000

/**
 * Values of `${name}`: the first one that was set holds, and names have no case. One that has none stays as it is
 * written (ChangeLogParameters.java and ExpressionExpander.java, liquibase-core 4.31).
 */
export class LiquibaseParameters {
  readonly #parameters: Parameter[] = []
  readonly #unknown = new Set<string>()
  #filled = 0

  constructor(values: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries({ ...builtIn, ...values })) this.set(name, value)
  }

  /** What a changelog's `property` says; with a file it holds in that file only. */
  set(name: string, value: string, file?: string): void {
    this.#parameters.push({ name: name.toLowerCase(), value, ...(file === undefined ? {} : { file }) })
  }

  /** Fills in what `file` may see, and notes the names without a value. */
  expand(text: string, file: string, depth = 0): string {
    if (!text.includes('${') || depth > deepest) return text
    if (depth === 0) this.#filled = 0
    return text.replaceAll(/\$\{([^${}]*)\}/g, (written, name: string) => {
      const value = this.#valueOf(name.trim().toLowerCase(), file)
      this.#filled += 1
      if (value === undefined) this.#unknown.add(name.trim())
      return value === undefined || this.#filled > most ? written : this.expand(value, file, depth + 1)
    })
  }

  /** Names without a value that were met since the last call. */
  takeUnknown(): readonly string[] {
    const names = [...this.#unknown]
    this.#unknown.clear()
    return names
  }

  #valueOf(name: string, file: string): string | undefined {
    const known = this.#parameters.filter((parameter) => parameter.name === name)
    const everywhere = known.find((parameter) => parameter.file === undefined)
    return (everywhere ?? known.findLast((parameter) => parameter.file === file))?.value
  }
}
