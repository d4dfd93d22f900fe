import { escapeLiteral, type Client } from 'pg'

/**
 * Extensions that only a superuser may create, although they give those who use them nothing to run programs,
 * read files or change other sessions with: their dangerous functions check for rights of their own. The
 * broker creates these for migrations; trusted ones need no broker.
 *
 * Left out on purpose: untrusted languages (plperlu, plpython3u, pltclu), and whatever starts workers or
 * reaches other machines without a password (pg_cron, pg_net, http, plsh, pg_background, aws_s3).
 */
export const brokeredExtensions: readonly string[] = [
  // contrib
  'adminpack',
  'amcheck',
  'autoinc',
  'bloom',
  'dblink', // an ordinary role must give a password, and the server's own superuser has a random one
  'earthdistance',
  'file_fdw', // the filename option asks for pg_read_server_files
  'insert_username',
  'intagg',
  'moddatetime',
  'pageinspect',
  'pg_buffercache',
  'pg_freespacemap',
  'pg_prewarm',
  'pg_stat_statements',
  'pg_surgery',
  'pg_visibility',
  'pg_walinspect',
  'pgrowlocks',
  'pgstattuple',
  'postgres_fdw', // as dblink
  'refint',
  'sslinfo',
  'xml2',
  // widespread ones that the image of a given server may have
  'address_standardizer',
  'h3',
  'hypopg',
  'ip4r',
  'pg_ivm',
  'pg_partman',
  'pg_repack',
  'pgaudit',
  'pgrouting',
  'pgtap',
  'pg_uuidv7',
  'postgis',
  'postgis_raster',
  'postgis_sfcgal',
  'postgis_tiger_geocoder',
  'postgis_topology',
  'rum',
  'temporal_tables',
  'timescaledb',
  'vector',
]

/**
 * Names of the extensions that CREATE EXTENSION can really create on this server. The packaged binaries list
 * plperl and plpython, but lack the interpreters they link to: these are tried. Needs a superuser; without
 * one, they are taken at their word.
 */
export async function availableExtensions(admin: Client): Promise<readonly string[]> {
  const listed = await admin.query<{ name: string; library: string | null }>(
    `select name, substring(name from 'plperl|plpython[23]?') as library
       from pg_catalog.pg_available_extensions order by name`,
  )
  const broken = new Set<string>()
  for (const library of new Set(listed.rows.flatMap((row) => row.library ?? []))) {
    if (!(await loads(admin, library))) broken.add(library)
  }
  return listed.rows.filter((row) => row.library === null || !broken.has(row.library)).map((row) => row.name)
}

/** False for a library whose own libraries are missing (58P01). */
async function loads(admin: Client, library: string): Promise<boolean> {
  try {
    await admin.query(`load ${escapeLiteral(`$libdir/${library}`)}`)
    return true
  } catch (error) {
    return (error as { code?: string }).code !== '58P01'
  }
}
