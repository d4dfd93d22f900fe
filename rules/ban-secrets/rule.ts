import { defineRule, enumerate, grouped, secretsIn } from '../../src/rule.ts'

export default defineRule({
  id: 'ban-secrets',
  title: 'Ban passwords, tokens and keys in SQL',
  severity: 'error',
  since: '0.1.0',
  preset: 'security',
  messages: {
    password: () => `Whoever can read the repository or the server’s log knows a password.`,
    connection: () =>
      `Whoever can read the repository or the server’s log knows a password, with where it can be used.`,
    token: ({ what }: { what: string }) => `Whoever can read the repository or the server’s log has ${what}.`,
  },
  statement({ statement, report }) {
    const { sql, copyData = '' } = statement
    for (const group of grouped([...secretsIn(sql), ...secretsIn(copyData)], ({ kind }) => kind)) {
      const [{ kind }] = group
      report(
        kind,
        { what: enumerate([...new Set(group.map(({ what }) => what))]) },
        {
          because: [],
          remedy: {
            summary:
              kind === 'token'
                ? 'Revoke it: it stays in git’s history. Let the application read the new one from its environment.'
                : 'Change it: it stays in git’s history. Set the new one outside of migrations, for a role with \\password of psql.',
            migrations: [],
          },
        },
      )
    }
  },
})
