import type { ProxyAddress } from '../proxy/model.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Would lead the command to another server, or to certificates that belong to one. */
const misleading: ReadonlySet<string> = new Set([
  'PGSERVICE',
  'PGSERVICEFILE',
  'PGHOSTADDR',
  'PGPASSFILE',
  'PGSSLCERT',
  'PGSSLKEY',
  'PGSSLCRL',
  'PGREQUIRESSL',
  'PGREQUIREAUTH',
  'PGCHANNELBINDING',
  'PGTARGETSESSIONATTRS',
  'PGREQUIREPEER',
])

/** Ours, and no business of the command: what lets us write into the merge request. */
const ourSecrets = /^(?:PGREHEARSE_\w*TOKEN|PGREHEARSE_SNAPSHOT_URL|GITLAB_TOKEN)$/

/**
 * What the command finds in its environment: the way to the proxy, and ours without our secrets.
 * @param certificateFile the proxy's certificate, for clients that insist on TLS and look at it
 * @param secrets further variables that hold secrets of ours
 */
export function commandEnvironment(
  env: Environment,
  { host, port, user, password, database }: ProxyAddress,
  certificateFile: string,
  secrets: readonly string[] = [],
): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !misleading.has(entry[0]) &&
      !ourSecrets.test(entry[0]) &&
      !secrets.includes(entry[0]),
  )
  const at = `${host}:${port}/${encodeURIComponent(database)}`
  const credentials = `user=${encodeURIComponent(user)}&password=${encodeURIComponent(password)}`
  return {
    ...Object.fromEntries(kept),
    DATABASE_URL: `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${at}`,
    // Heroku's name for it, which many Java projects know
    JDBC_DATABASE_URL: `jdbc:postgresql://${at}?${credentials}`,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    // not `prefer`: node-postgres takes that for `require` and then wants a certificate of a known authority
    PGSSLMODE: 'disable',
    PGSSLROOTCERT: certificateFile,
    ...(env['NODE_EXTRA_CA_CERTS'] === undefined ? { NODE_EXTRA_CA_CERTS: certificateFile } : {}),
  }
}
