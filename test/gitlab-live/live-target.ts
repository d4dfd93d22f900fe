/** Where the live suite works: from the environment, and nowhere else. */

export interface LiveTarget {
  /** `https://host[/relative]/api/v4`, without a slash at the end. */
  readonly apiUrl: string
  /** Numeric id or full path. */
  readonly project: string
  /** Scope api, role Developer at least. */
  readonly token: string
  /** Of a second Developer; without it, stories with a person in them are skipped. */
  readonly personToken: string | undefined
}

/** The target, or the sentence that says what is missing. */
export function liveTarget(env: NodeJS.ProcessEnv): LiveTarget | string {
  const url = env['GITLAB_TEST_URL'] ?? ''
  const token = env['GITLAB_TEST_TOKEN'] ?? ''
  const project = env['GITLAB_TEST_PROJECT'] ?? ''
  const given = { GITLAB_TEST_URL: url, GITLAB_TEST_TOKEN: token, GITLAB_TEST_PROJECT: project }
  const missing = Object.entries(given).flatMap(([name, value]) => (value === '' ? [name] : []))
  if (missing.length > 0)
    return `The live suite did NOT run: ${missing.join(', ')} not set. See test/gitlab-live/README.md.`
  const trimmed = url.replace(/\/+$/, '')
  const apiUrl = trimmed.endsWith('/api/v4') ? trimmed : `${trimmed}/api/v4`
  return { apiUrl, project, token, personToken: env['GITLAB_TEST_PERSON_TOKEN'] }
}
