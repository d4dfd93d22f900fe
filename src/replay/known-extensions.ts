/** What is known of extensions that Postgres does not bring along: where to get them, and what their objects are called. */
export interface KnownExtension {
  /** A published image that has it, for a major version of the server. */
  readonly image?: (major: number) => string
  /** Names of its types, functions, schemas, access methods, operator classes and settings. */
  readonly names?: RegExp
}

const supabase = (): string => 'supabase/postgres'

const known: Readonly<Record<string, KnownExtension>> = {
  vector: {
    image: (major) => `pgvector/pgvector:pg${major}`,
    names:
      /^(?:vector|halfvec|sparsevec|hnsw|ivfflat|l2_distance|cosine_distance|inner_product|\w+_(?:l2|ip|l1|cosine|hamming|jaccard)_ops)$/,
  },
  postgis: {
    image: (major) => `postgis/postgis:${major}-${major < 18 ? '3.5' : '3.6'}`,
    names:
      /^(?:geometry|geography|box2d|box3d|spatial_ref_sys|geometry_columns|geography_columns|addgeometrycolumn|populate_geometry_columns|postgis_\w+|_?st_\w+|gi?st_geometry_ops\w*)$/,
  },
  postgis_topology: { image: postgisImage, names: /^(?:topology|topogeometry|topoelement\w*)$/ },
  postgis_raster: { image: postgisImage, names: /^(?:raster|_?st_\w+)$/ },
  postgis_tiger_geocoder: { image: postgisImage, names: /^(?:tiger|tiger_data|geocode\w*)$/ },
  timescaledb: {
    image: (major) => `timescale/timescaledb:latest-pg${major}`,
    names:
      /^(?:create_hypertable|add_\w+_policy|remove_\w+_policy|time_bucket\w*|set_chunk_time_interval|drop_chunks|compress_chunk|show_chunks|timescaledb\w*|_timescaledb\w*)$/,
  },
  pg_cron: { image: supabase, names: /^cron$/ },
  pg_net: { image: supabase, names: /^net$/ },
  http: { image: supabase, names: /^http(?:_\w+)?$/ },
  pgjwt: { image: supabase, names: /^(?:sign|verify|url_encode|url_decode)$/ },
  pgsodium: { image: supabase, names: /^pgsodium\w*$/ },
  supabase_vault: { image: supabase, names: /^(?:vault|create_secret|update_secret|decrypted_secrets)$/ },
  pg_graphql: { image: supabase, names: /^(?:graphql|graphql_public)$/ },
  pgroonga: { image: supabase, names: /^pgroonga\w*$/ },
  hypopg: { image: supabase, names: /^hypopg\w*$/ },
  wrappers: { image: supabase, names: /^wrappers\w*$/ },
  pgmq: { image: supabase, names: /^pgmq\w*$/ },
  pg_partman: { names: /^(?:partman|create_parent|run_maintenance\w*|part_config\w*)$/ },
  citus: {
    image: () => 'citusdata/citus',
    names: /^(?:create_(?:distributed|reference)_table\w*|citus\w*|undistribute_table)$/,
  },
  age: { image: () => 'apache/age', names: /^(?:ag_catalog|agtype|create_graph|cypher)$/ },
  pgaudit: { names: /^pgaudit\w*$/ },
  ulid: { names: /^(?:ulid|gen_ulid|gen_monotonic_ulid)$/ },
  pg_uuidv7: { names: /^(?:uuid_generate_v7|uuid_v7_to_timestamptz\w*|uuid_timestamptz_to_v7)$/ },
  plv8: { names: /^plv8\w*$/ },
  pg_search: { image: () => 'paradedb/paradedb', names: /^(?:paradedb|bm25|pdb)$/ },
}

function postgisImage(major: number): string {
  return known['postgis']?.image?.(major) ?? 'postgis/postgis'
}

/** Undefined for one that we have never heard of. */
export function knownExtension(name: string): KnownExtension | undefined {
  return Object.hasOwn(known, name) ? known[name] : undefined
}

/** Languages whose extension is called otherwise, or that stand in an extension of the same name. */
const languages =
  /^(?:pl(?:v8|coffee|ls|perlu?|python[23]?u?|tclu?|lua|java|javau|sh|r|rust|php|ruby|xslt|proxy|mono))$/

/** Does a procedural language of this name come with an extension? */
export function isExtensionLanguage(name: string): boolean {
  return languages.test(name)
}
