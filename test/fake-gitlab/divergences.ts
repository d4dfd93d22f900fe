/** Where the server is not as its OpenAPI says, each with its source; applied to the excerpt before validating. */
import type { Operation, Schema, Spec } from './contract.ts'

export interface Divergence {
  readonly where: string
  readonly spec: string
  readonly server: string
  readonly source: string
  readonly apply: (spec: Spec) => void
}

const mr = '/api/v4/projects/{id}/merge_requests'
const note = '#/components/schemas/APIEntitiesNote'
const lists: readonly (readonly [path: string, item: string])[] = [
  [`${mr}/{noteable_id}/notes`, note],
  [`${mr}/{noteable_id}/discussions`, '#/components/schemas/APIEntitiesDiscussion'],
  [`${mr}/{noteable_id}/discussions/{discussion_id}/notes`, note],
]

export const divergences: readonly Divergence[] = [
  {
    where:
      '/user, /projects/:id, members/all, personal_access_tokens/self; for test:live also branches, commits, files, creating and closing merge requests',
    spec: 'left out of the excerpt',
    server: 'as documented',
    source:
      'doc/api/{users,projects,members,personal_access_tokens,branches,commits,repository_files,merge_requests}.md; field names from @gitbeaker/core',
    apply: (spec) => {
      Object.assign(spec.paths, furtherPaths)
      const one = spec.paths[`${mr}/{merge_request_iid}`]
      if (one !== undefined) one['put'] = operationOf({ state_event: string }, '200', mergeRequest)
    },
  },
  {
    where: 'GET notes, discussions, discussion notes',
    spec: 'a single object',
    server: 'an array',
    source: 'lib/api/notes.rb@017a6c12, discussions.rb@05f0ebba: present a collection',
    apply: (spec) => {
      for (const [path, item] of lists)
        answer(spec, path, 'get', '200', { type: 'array', items: { $ref: item } })
    },
  },
  {
    where: 'APIEntitiesDiscussion.notes, APIEntitiesNote.suggestions, MergeRequest.assignees, reviewers',
    spec: 'a single object',
    server: 'arrays',
    source: 'lib/api/entities/discussion.rb@1ccf61bd; x-known-divergences of the excerpt',
    apply: (spec) => {
      const arrays: readonly (readonly [string, string])[] = [
        ['APIEntitiesDiscussion', 'notes'],
        ['APIEntitiesNote', 'suggestions'],
        ['APIEntitiesMergeRequest', 'assignees'],
        ['APIEntitiesMergeRequest', 'reviewers'],
      ]
      for (const [name, field] of arrays) {
        const fields = fieldsOf(spec, name)
        fields[field] = { type: 'array', items: fields[field] ?? {} }
      }
    },
  },
  {
    where: 'DELETE note, discussion note, draft note',
    spec: '200 with the entity',
    server: '204 without a body',
    source:
      'lib/api/draft_notes.rb@0286e4c6 `status 204; body false`; notes_helpers.rb `destroy_conditionally!`',
    apply: (spec) => {
      for (const operations of Object.values(spec.paths)) {
        const deletion = operations['delete']
        if (deletion !== undefined) deletion.responses = { '204': {} }
      }
    },
  },
  {
    where: 'APIEntitiesNote.position, APIEntitiesDraftNote.position',
    spec: 'an untyped object',
    server: 'the position hash; its lines and line_range may be null',
    source: 'lib/gitlab/diff/position.rb; facts 1.3',
    apply: (spec) => {
      fieldsOf(spec, 'APIEntitiesNote')['position'] = positionSchema
      fieldsOf(spec, 'APIEntitiesDraftNote')['position'] = {
        anyOf: [positionSchema, { type: 'object', maxProperties: 0 }],
      }
    },
  },
  {
    where: 'nullable fields of responses',
    spec: 'nothing is nullable',
    server: 'null where there is nothing',
    source: 'x-known-divergences of the excerpt; danger-js fixtures (recorded on GitLab.com)',
    apply: (spec) => {
      for (const [name, fields] of Object.entries(nullableFields))
        for (const field of fields) makeNullable(fieldsOf(spec, name), field)
    },
  },
  {
    where: 'POST note, discussion, reply; PUT note',
    spec: '201 or 200 only',
    server: '202 with commands_changes and summary when the text held only quick actions',
    source: 'lib/api/helpers/notes_helpers.rb@017a6c12 process_note_creation_result, entities NoteCommands',
    apply: (spec) => {
      const posts = [...lists.map(([path]) => path)]
      for (const path of posts) answer(spec, path, 'post', '202', commandsSchema)
      for (const [path] of lists) answer(spec, `${path}/{note_id}`, 'put', '202', commandsSchema)
    },
  },
  {
    where: 'publish, bulk_publish',
    spec: '204, 400, 401, 404',
    server: '500 without a body when PublishService fails',
    source: 'lib/api/draft_notes.rb@0286e4c6 `status 500`',
    apply: (spec) => {
      const drafts = `${mr}/{merge_request_iid}/draft_notes`
      operation(spec, `${drafts}/bulk_publish`, 'post').responses['500'] = {}
      operation(spec, `${drafts}/{draft_note_id}/publish`, 'put').responses['500'] = {}
    },
  },
  {
    where: 'every operation',
    spec: 'no 401, 403, 409, 429 on most',
    server: '401 token, 403 scope or role, 404 also for "no permission", 409 Resource lock, 429 rate limit',
    source: 'lib/api/api_guard.rb@017a6c12, helpers.rb, facts 1.5, 2.1',
    apply: (spec) => {
      for (const operations of Object.values(spec.paths))
        for (const one of Object.values(operations))
          for (const status of ['400', '401', '403', '404', '409', '429'])
            one.responses[status] = errorResponse
    },
  },
  {
    where: 'request bodies',
    spec: 'application/json only',
    server: 'urlencoded and multipart forms too, with `position[new_line]` for nesting',
    source: 'doc/api/rest/_index.md@017a6c12',
    apply: () => undefined,
  },
  {
    where: 'POST discussion',
    spec: 'no commit_id',
    server: 'takes commit_id',
    source: 'lib/api/discussions.rb@05f0ebba `opts[:commit_id] = params[:commit_id]`',
    apply: (spec) => {
      fieldsOf(spec, 'RequestBody_b85e769f8a5e')['commit_id'] = { type: 'string', nullable: true }
    },
  },
]

const nullableFields: Readonly<Record<string, readonly string[]>> = {
  APIEntitiesUserBasic: ['avatar_url'],
  APIEntitiesNote: ['type', 'resolved_by', 'resolved_at', 'commit_id', 'noteable_iid'],
  APIEntitiesDraftNote: ['discussion_id', 'commit_id', 'line_code'],
  APIEntitiesDiff: ['generated_file'],
  APIEntitiesMergeRequestDiff: ['patch_id_sha'],
  APIEntitiesMergeRequestDiffFull: ['patch_id_sha'],
  APIEntitiesMergeRequest: [
    'merged_at',
    'assignee',
    'sha',
    'merge_commit_sha',
    'squash_commit_sha',
    'discussion_locked',
    'prepared_at',
    'changes_count',
    'diff_refs',
    'merge_error',
  ],
}

const line: Schema = { type: 'integer', nullable: true }
const text: Schema = { type: 'string', nullable: true }
const lineEnd: Schema = {
  type: 'object',
  properties: { line_code: text, type: text, old_line: line, new_line: line },
}

const positionSchema: Schema = {
  type: 'object',
  required: [
    'base_sha',
    'start_sha',
    'head_sha',
    'old_path',
    'new_path',
    'position_type',
    'old_line',
    'new_line',
  ],
  properties: {
    base_sha: text,
    start_sha: text,
    head_sha: text,
    old_path: text,
    new_path: text,
    position_type: { type: 'string', enum: ['text', 'image', 'file'] },
    old_line: line,
    new_line: line,
    line_range: { type: 'object', nullable: true, properties: { start: lineEnd, end: lineEnd } },
  },
}

const commandsSchema: Schema = {
  type: 'object',
  required: ['commands_changes', 'summary'],
  properties: { commands_changes: { type: 'object' }, summary: { type: 'array', items: { type: 'string' } } },
}

/** `{message}` of GitLab's helpers, `{error}` of Grape and of OAuth; text/plain of the rate limiter has no schema. */
const errorResponse = {
  content: {
    'application/json': {
      schema: {
        anyOf: [
          { type: 'object', required: ['message'], properties: { message: {} } },
          {
            type: 'object',
            required: ['error'],
            properties: {
              error: { type: 'string' },
              error_description: { type: 'string' },
              scope: { type: 'string' },
            },
          },
        ],
      },
    },
  },
}

const userFields: Readonly<Record<string, Schema>> = {
  id: { type: 'integer' },
  username: { type: 'string' },
  name: { type: 'string' },
  state: { type: 'string' },
  locked: { type: 'boolean' },
  avatar_url: text,
  web_url: { type: 'string' },
}

const mergeRequest: Schema = { $ref: '#/components/schemas/APIEntitiesMergeRequest' }
const string: Schema = { type: 'string' }

const furtherPaths: Spec['paths'] = {
  '/api/v4/projects/{id}/repository/branches': {
    post: operationOf({ branch: string, ref: string }, '201', {
      type: 'object',
      properties: {
        name: string,
        commit: { type: 'object' },
        merged: { type: 'boolean' },
        protected: { type: 'boolean' },
        web_url: string,
      },
    }),
  },
  '/api/v4/projects/{id}/repository/branches/{branch}': { delete: { responses: { '204': {} } } },
  '/api/v4/projects/{id}/repository/files/{file_path}': {
    get: {
      ...operationOf(undefined, '200', {
        type: 'object',
        properties: { file_path: string, ref: string, encoding: string, content: string },
      }),
      parameters: [{ name: 'ref', in: 'query' }],
    },
  },
  '/api/v4/projects/{id}/repository/commits': {
    post: operationOf(
      {
        branch: string,
        commit_message: string,
        actions: {
          type: 'array',
          items: { type: 'object', properties: { action: string, file_path: string, content: string } },
        },
      },
      '201',
      { $ref: '#/components/schemas/APIEntitiesCommit' },
    ),
  },
  '/api/v4/projects/{id}/merge_requests': {
    post: operationOf(
      { source_branch: string, target_branch: string, title: string, description: string },
      '201',
      mergeRequest,
    ),
  },
  '/api/v4/user': read({ ...userFields, bot: { type: 'boolean' }, created_at: { type: 'string' } }),
  '/api/v4/projects/{id}/members/all/{user_id}': read({
    ...userFields,
    access_level: { type: 'integer' },
    expires_at: text,
  }),
  '/api/v4/projects/{id}': read({
    id: { type: 'integer' },
    name: { type: 'string' },
    path: { type: 'string' },
    path_with_namespace: { type: 'string' },
    default_branch: { type: 'string' },
    web_url: { type: 'string' },
    visibility: { type: 'string' },
    archived: { type: 'boolean' },
  }),
  '/api/v4/personal_access_tokens/self': read({
    id: { type: 'integer' },
    name: { type: 'string' },
    revoked: { type: 'boolean' },
    created_at: { type: 'string' },
    scopes: { type: 'array', items: { type: 'string' } },
    user_id: { type: 'integer' },
    last_used_at: text,
    active: { type: 'boolean' },
    expires_at: text,
  }),
}

function read(properties: Readonly<Record<string, Schema>>): Record<string, Operation> {
  const schema = { type: 'object', required: Object.keys(properties), properties: { ...properties } }
  return { get: { parameters: [], responses: { '200': { content: { 'application/json': { schema } } } } } }
}

function operationOf(
  body: Readonly<Record<string, Schema>> | undefined,
  status: string,
  answered: Schema,
): Operation {
  const json = 'application/json'
  const schema = { type: 'object', properties: { ...body } }
  return {
    parameters: [],
    ...(body === undefined ? {} : { requestBody: { content: { [json]: { schema } } } }),
    responses: { [status]: { content: { [json]: { schema: answered } } } },
  }
}

function makeNullable(fields: Record<string, Schema>, field: string): void {
  const schema = fields[field] ?? {}
  fields[field] = '$ref' in schema ? { anyOf: [schema, { type: 'null' }] } : { ...schema, nullable: true }
}

function fieldsOf(spec: Spec, name: string): Record<string, Schema> {
  const fields = spec.components.schemas[name]?.properties
  if (fields === undefined) throw new Error(`The excerpt has no schema ${name}.`)
  return fields
}

function operation(spec: Spec, path: string, method: string): Operation {
  const found = spec.paths[path]?.[method]
  if (found === undefined) throw new Error(`The excerpt has no ${method} ${path}.`)
  return found
}

function answer(spec: Spec, path: string, method: string, status: string, schema: Schema): void {
  const one = spec.paths[path]?.[method]
  if (one !== undefined) one.responses[status] = { content: { 'application/json': { schema } } }
}
