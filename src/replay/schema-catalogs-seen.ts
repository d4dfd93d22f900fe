import type { SchemaCatalog, SchemaCatalogs } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { readSchemaCatalog } from './read-schema-catalog.ts'

/** Reads the schema of a rehearsal's databases: before the migrations under review, and after them. */
export class SchemaCatalogsSeen {
  readonly #server: PostgresServer
  readonly #debug: ((line: string) => void) | undefined
  #before: SchemaCatalog | undefined
  #after: SchemaCatalog | undefined

  constructor(server: PostgresServer, debug?: (line: string) => void) {
    this.#server = server
    this.#debug = debug
  }

  /** Nobody is connected to the database afterwards. */
  async lookBefore(database: string): Promise<void> {
    this.#before = await this.#read(database)
  }

  async lookAfter(database: string): Promise<void> {
    this.#after = await this.#read(database)
  }

  /** Undefined where one of them is not known, or the migrations did not all come to their end. */
  catalogs(migrations: readonly { readonly outcome: string }[]): SchemaCatalogs | undefined {
    if (this.#before === undefined || this.#after === undefined) return undefined
    if (migrations.some(({ outcome }) => outcome !== 'rehearsed')) return undefined
    return { before: this.#before, after: this.#after, evidence: 'measured' }
  }

  /** Undefined where it cannot be read: what rules would say of it is then predicted. */
  async #read(database: string): Promise<SchemaCatalog | undefined> {
    const admin = await this.#server.connectAdmin(database)
    try {
      return await readSchemaCatalog(admin, this.#server.major)
    } catch (error) {
      this.#debug?.(`The schema could not be read: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    } finally {
      await admin.end()
    }
  }
}
