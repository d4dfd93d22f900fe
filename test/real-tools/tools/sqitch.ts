import { Unavailable, type RealTool } from '../tool.ts'

/** We create Sqitch's tables without its comments. */
const dropComments = `DO $$
DECLARE object record;
BEGIN
  FOR object IN
    SELECT c.oid::regclass AS relation, a.attname AS name
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'sqitch'::regnamespace AND c.relkind = 'r'
  LOOP
    EXECUTE format('COMMENT ON TABLE %s IS NULL', object.relation);
    EXECUTE format('COMMENT ON COLUMN %s.%I IS NULL', object.relation, object.name);
  END LOOP;
  COMMENT ON SCHEMA sqitch IS NULL;
END $$`

/** From Debian: `apt-get install sqitch libdbd-pg-perl`. */
export const tool: RealTool = {
  name: 'sqitch',
  needs: ['sqitch', 'psql', 'perl'],
  installSeconds: 1,
  async install(_, execute) {
    await execute('perl', ['-MDBD::Pg', '-e', '1']).catch(() => {
      throw new Unavailable('libdbd-pg-perl is missing here')
    })
    const version = await execute('sqitch', ['--version'])
    return version.trim().split(' ').at(-1) ?? version.trim()
  },
  async migrate({ project, database, execute }) {
    const target = `--target=db:pg://${database.url.split('://')[1]}`
    await execute('sqitch', ['deploy', '--no-verify', target], {
      cwd: project,
      env: {
        SQITCH_SYSTEM_CONFIG: '/dev/null',
        SQITCH_USER_CONFIG: '/dev/null',
        SQITCH_FULLNAME: 'Ada',
        SQITCH_EMAIL: 'ada@example.com',
      },
    })
    await execute('psql', [database.url, '--no-psqlrc', '--quiet', '-c', dropComments])
  },
}
