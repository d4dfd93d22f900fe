import type { CheckOptions } from '../check-options.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { withoutVersionTables } from '../record/version-objects.ts'
import { sessionDefaults } from '../rehearsal/session-defaults.ts'
import { diffSchema, readSchema, type SchemaDifference, type SchemaSnapshot } from '../replay/fingerprint.ts'
import { copyBase } from '../replay/prepare-history.ts'
import { connected } from '../replay/stage.ts'
import {
  againstChance,
  diffContents,
  invalidIndexes,
  readContents,
  type Contents,
  type ContentsDifference,
  type NamedTable,
} from '../replay/table-contents.ts'

export interface UndisturbedOptions {
  readonly server: PostgresServer
  readonly options: CheckOptions
  /** Databases: what the command began with, which nobody may change, and what it left. */
  readonly pristine: string
  readonly left: string
  /** Whose rows count. */
  readonly tables: readonly NamedTable[]
}

/** From the end of an undisturbed run to another. */
export interface EndDifference {
  readonly schema: SchemaDifference
  readonly rows: readonly ContentsDifference[]
}

interface End {
  readonly schema: SchemaSnapshot
  readonly contents: Contents
}

/** Compares databases with what an undisturbed run of a command left; what the tool keeps for itself does not count. */
export class UndisturbedEnd {
  readonly #options: UndisturbedOptions
  readonly #runAgain: (database: string) => Promise<unknown>
  #end: End | undefined
  #again: End | undefined

  /** `runAgain` runs the command undisturbed on a database, to tell what is new in every run. */
  constructor(options: UndisturbedOptions, runAgain: (database: string) => Promise<unknown>) {
    this.#options = options
    this.#runAgain = runAgain
  }

  /** Undefined where they are alike; `unsteady` where the schema is another after every run. */
  async differenceOf(database: string): Promise<EndDifference | 'unsteady' | undefined> {
    const end = (this.#end ??= await this.#look(this.#options.left))
    const other = await this.#look(database)
    const schema = diffSchema(end.schema, other.schema)
    if (schema.equal && diffContents(end.contents, other.contents).length === 0) return undefined
    const again = (this.#again ??= await this.#endAgain())
    if (!schema.equal && !diffSchema(end.schema, again.schema).equal) return 'unsteady'
    const rows = diffContents(end.contents, other.contents, againstChance(end.contents, again.contents))
    return schema.equal && rows.length === 0 ? undefined : { schema, rows }
  }

  async invalidIn(database: string): Promise<readonly string[]> {
    await using admin = await connected(this.#options.server, database)
    return await invalidIndexes(admin.client)
  }

  async #endAgain(): Promise<End> {
    const { server, options, pristine } = this.#options
    const database = await copyBase({ server, settings: sessionDefaults(options) }, pristine)
    try {
      await this.#runAgain(database)
      return await this.#look(database)
    } finally {
      await server.dropDatabase(database)
    }
  }

  async #look(database: string): Promise<End> {
    await using admin = await connected(this.#options.server, database)
    const contents = await readContents(admin.client, this.#options.tables)
    await admin.client.query(`set statement_timeout = ${schemaTimeoutMs}`)
    return { contents, schema: withoutVersionTables(await readSchema(admin.client)) }
  }
}

const schemaTimeoutMs = 60_000
