import { UsageError } from '../core/errors.ts'
import type { PostgresServer, ServerOptions } from './provider.ts'

export async function connectExisting(_options: ServerOptions): Promise<PostgresServer> {
  throw new UsageError('--server-url is not there yet.')
}
