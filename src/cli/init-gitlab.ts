/** The jobs for .gitlab-ci.yml: what `init` writes, and docs/gitlab.md shows. A test runs their script lines. */

export interface JobSettings {
  readonly version: string
  /** The project below the top of the repository, with `/` between parts; absent: it is the top. */
  readonly folder?: string
}

/** The environment that the review runs in, so that a variable can be given to that job alone. */
export const reviewEnvironment = 'pgrehearse'

/** Two jobs: one that runs what the merge request brings, without a token, and one that has the token and runs nothing. */
export function gitlabJobs(settings: JobSettings): string {
  const { version } = settings
  return `# Judges what is new, and holds no token. The review below is the gate.
pgrehearse:
  stage: test
  image: node:22-bookworm # has git; Alpine images cannot run the embedded Postgres
  interruptible: true
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH # what the code quality widget compares with
  variables:
    FORCE_COLOR: 1
    npm_config_cache: $CI_PROJECT_DIR/.npm
  script:${changeFolder(settings)}
    - npx --yes pgrehearse@${version} check --fail-on never
      --cache-dir "$CI_PROJECT_DIR/.pgrehearse/cache"
      --format "json:$CI_PROJECT_DIR/pgrehearse-report.json"
      --format "codequality:$CI_PROJECT_DIR/gl-code-quality-report.json"
      --format "junit:$CI_PROJECT_DIR/pgrehearse-junit.xml"
  cache:
    key: pgrehearse
    paths: [.npm/, .pgrehearse/cache/]
  artifacts:
    when: always
    expire_in: 1 week
    paths: [pgrehearse-report.json]
    reports:
      codequality: gl-code-quality-report.json
      junit: pgrehearse-junit.xml

# Posts the review on the merge request and fails for errors. Runs no code of the branch.
pgrehearse-review:
  stage: test
  image: node:22-bookworm
  interruptible: true
  needs: [pgrehearse]
  resource_group: pgrehearse-$CI_MERGE_REQUEST_IID # one review of a merge request at a time
  environment:
    name: ${reviewEnvironment} # a variable with this environment scope reaches no other job
    action: access
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    FORCE_COLOR: 1
  script:
    - npx --yes pgrehearse@${version} review pgrehearse-report.json --fail-on error
      --format terminal --format html:pgrehearse-report.html
  artifacts:
    when: always
    expire_in: 1 week
    expose_as: Migration report
    paths: [pgrehearse-report.html]
`
}

/** Everything in one job: shorter, and the token shares a process tree with what the merge request brings. */
export function gitlabOneJob(settings: JobSettings): string {
  const { version } = settings
  return `pgrehearse:
  stage: test
  image: node:22-bookworm
  interruptible: true
  resource_group: pgrehearse-$CI_MERGE_REQUEST_IID
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  variables:
    FORCE_COLOR: 1
    npm_config_cache: $CI_PROJECT_DIR/.npm
  script:${changeFolder(settings)}
    - npx --yes pgrehearse@${version} check --review gitlab
      --cache-dir "$CI_PROJECT_DIR/.pgrehearse/cache"
      --format "codequality:$CI_PROJECT_DIR/gl-code-quality-report.json"
      --format "junit:$CI_PROJECT_DIR/pgrehearse-junit.xml"
  cache:
    key: pgrehearse
    paths: [.npm/, .pgrehearse/cache/]
  artifacts:
    when: always
    expire_in: 1 week
    reports:
      codequality: gl-code-quality-report.json
      junit: pgrehearse-junit.xml
`
}

/** A folder's name comes from the repository: one that a shell or YAML could read otherwise is left to the user. */
function changeFolder({ folder = '' }: JobSettings): string {
  if (folder === '') return ''
  const isPlain = /^[\w.-]+(?:\/[\w.-]+)*$/.test(folder) && !folder.startsWith('-')
  return `\n    - cd ${isPlain ? folder : 'path/to/this/project'}`
}
