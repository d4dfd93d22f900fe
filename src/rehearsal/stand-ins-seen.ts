import type { PostgresServer } from '../postgres/provider.ts'
import { createdStandIns, relationsOfStandIns } from '../postgres/stubs.ts'
import type { StandIns, StandInUse } from './stand-in-notes.ts'

/** Gathers, from the databases of a rehearsal, which extensions are stand-ins there and what uses them. */
export class StandInsSeen {
  readonly #server: PostgresServer
  readonly #extensions = new Set<string>()
  readonly #uses = new Map<string, StandInUse>()

  constructor(server: PostgresServer) {
    this.#server = server
  }

  /** Nobody is connected to the database afterwards. */
  async lookAt(database: string): Promise<void> {
    if ((this.#server.stubs ?? []).length === 0) return
    const admin = await this.#server.connectAdmin(database)
    try {
      for (const name of await createdStandIns(admin)) this.#extensions.add(name)
      for (const use of await relationsOfStandIns(admin)) {
        this.#uses.set(`${use.extension} ${use.schema}.${use.name}`, use)
      }
    } finally {
      await admin.end()
    }
  }

  get standIns(): StandIns {
    return { extensions: [...this.#extensions].toSorted(), uses: [...this.#uses.values()] }
  }
}
