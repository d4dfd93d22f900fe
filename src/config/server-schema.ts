import { z } from 'zod'
import { duration, text } from './parts.ts'

/** Keys of the configuration that say on which servers a run rehearses. */

/** As engines read it: registry, path, tag, digest; what it means is for them to say. */
const imageName = /^[a-z0-9](?:(?:[\w./:@-]|\{major\})*(?:\w|\{major\}))?$/i

const wrongMajor = 'Expected a major version of Postgres from 14, for example 17, or a list of them'

const major = z
  .int(wrongMajor)
  .min(14, 'Expected a major version of Postgres from 14')
  .max(99, 'Expected a major version of Postgres, for example 17')

const serverParts = z.strictObject({
  image: z
    .string()
    .max(255)
    .regex(imageName, 'Expected the name of a container image, for example "pgvector/pgvector:pg17"')
    .exactOptional()
    .describe(
      'Replay on a throwaway server in a container of this image, which has the extensions that your production has. ' +
        'Needs a container engine (Docker, Podman); not together with `url` or `binaries`. `{major}` in it stands for ' +
        'the major version to replay on: `postgres:{major}`.',
    )
    .meta({ example: 'pgvector/pgvector:pg17' }),
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'Expected a URL that begins with postgres:// or postgresql://')
    .exactOptional()
    .describe(
      'Replay on this existing server, for instance a CI service, instead of starting one. Never taken from ' +
        'DATABASE_URL or PG* variables. Never name a production server.',
    )
    .meta({ example: 'postgresql://postgres@postgres:5432/postgres' }),
  shared: z
    .boolean()
    .exactOptional()
    .describe(
      'Allow an existing server that holds other databases, and a clone that others are connected to.',
    )
    .meta({ defaultValue: false }),
  superuser: z
    .boolean()
    .exactOptional()
    .describe('Run migrations as superuser. Only for repositories whose every contributor you trust.')
    .meta({ defaultValue: false }),
  pgVersion: z
    .union([major, z.array(major).min(1, wrongMajor)], { error: wrongMajor })
    .exactOptional()
    .describe(
      'Major version of Postgres to replay on, or several: then one report has the findings of all, and says of each which ' +
        'versions have it. Default: production’s (`production.version`, or the snapshot’s) where it is installed, else ' +
        'the newest that is.',
    )
    .meta({ example: [14, 16, 18] }),
  create: text
    .exactOptional()
    .describe(
      'Command that creates a clone of production and prints its URL on a line of its own, for `sh -c` in the project ' +
        'root: Database Lab, a Neon branch, a snapshot restore (docs/clone.md). `check` then runs the migrations under ' +
        'review there once more, besides the rehearsal. The URL must never be production’s.',
    )
    .meta({ example: './ci/create-clone.sh' }),
  destroy: text
    .exactOptional()
    .describe(
      'Command that takes the clone away, run whatever has happened. It has the URL in PGREHEARSE_CLONE_URL, and like ' +
        '`create` a name for the clone in PGREHEARSE_CLONE_ID.',
    )
    .meta({ example: './ci/destroy-clone.sh' }),
  timeout: duration
    .exactOptional()
    .describe('How long `create` may take, and again the migrations on the clone.')
    .meta({ example: '30min', defaultValue: '15min' }),
  binaries: text
    .exactOptional()
    .describe(
      'Folder of a Postgres installation to start instead of the packaged one; it holds bin/postgres and bin/initdb.',
    )
    .meta({ example: '/usr/lib/postgresql/17' }),
})

/** The server of the rehearsal, and the commands for a clone of production. */
export const server = serverParts
  .refine(({ create, destroy }) => create !== undefined || destroy === undefined, {
    error: 'Expected create besides destroy: there is nothing to be destroyed otherwise',
    path: ['destroy'],
  })
  .refine(({ image, url }) => image === undefined || url === undefined, {
    error: 'Expected one of image and url: each names another server',
    path: ['image'],
  })
  .refine(({ image, binaries }) => image === undefined || binaries === undefined, {
    error: 'Expected one of image and binaries: the image brings a Postgres of its own',
    path: ['image'],
  })
