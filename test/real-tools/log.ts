import { normalizeSql } from '../../src/sql/tokens.ts'

/** One message that the server was sent. */
export interface LoggedMessage {
  readonly session: string
  /** Virtual transaction id: equal for all messages of a transaction. */
  readonly transaction: string
  /** As {@link normalizeSql} writes it. */
  readonly sql: string
}

/** The statements in the log of a server started by startBareServer(), in order. */
export function readLog(log: string): readonly LoggedMessage[] {
  return log.split(/^@@/m).flatMap((entry) => {
    const match = /^(\d+)\|([\d/]*)@@ LOG: {2}(?:statement|execute [^:]*): ([^]*)$/.exec(entry)
    if (match === null) return []
    const [, session = '', transaction = '', text = ''] = match
    // the server indents the further lines of a message
    return [{ session, transaction, sql: normalizeSql(text.replaceAll('\n\t', '\n')) }]
  })
}
