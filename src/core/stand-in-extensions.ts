/** An extension of which a stand-in is shipped (the folder stubs/extension). */
export interface StandInExtension {
  /** Index access methods that are another one there, so that they take none of their options. */
  readonly accessMethods: readonly string[]
  /** Matches SQL that names something of the extension. */
  readonly mentions: RegExp
}

/**
 * Extensions that the embedded server lacks and that can be stood in for, by their names. With their types, functions
 * and operators a history can be replayed; what they do is left out.
 */
export const standInExtensions: Readonly<Record<string, StandInExtension>> = {
  http: { accessMethods: [], mentions: /\bhttp(?:_\w+)?\b/i },
  pg_cron: { accessMethods: [], mentions: /\b(?:pg_cron|cron\s*\.)/i },
  postgis: {
    accessMethods: [],
    mentions: /\b(?:postgis\w*|geometry\w*|geography\w*|box[23]d|spatial_ref_sys|st_\w+)\b/i,
  },
  vector: {
    accessMethods: ['hnsw', 'ivfflat'],
    mentions: /\b(?:(?:half|sparse)?vec(?:tor)?(?:_\w+)?|hnsw|ivfflat)\b/i,
  },
}

/** What functions of a stand-in raise that cannot do their work: no code that Postgres has. */
export const standInSqlstate = 'PGR01'
