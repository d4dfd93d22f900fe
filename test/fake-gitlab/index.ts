/**
 * A fake GitLab that enforces the server's rules: see README.md for what it does and where each rule is from.
 *
 *     await using server = await startFakeGitLab({ base: {…}, change: {…} })
 *     // server.apiUrl, server.projectId, server.iid, server.botToken
 */
import { newVersion } from './branches.ts'
import { FakeGitLab } from './fake-gitlab.ts'
import type { MergeRequest, User } from './model.ts'
import type { FakeGitLabOptions, UserOptions } from './options.ts'
import { Repository } from './repository.ts'
import type { Files } from './repository.ts'
import { State } from './state.ts'

export type { FakeGitLab } from './fake-gitlab.ts'
export type { Fault, RequestMatcher } from './faults.ts'
export type { DiffVersion, LoggedRequest, Note, Position, User } from './model.ts'
export type { FakeGitLabOptions } from './options.ts'
export type { Person } from './people.ts'
export type { Snapshot } from './snapshot.ts'

/** Everybody who is there without asking. `bot` is the reviewer's project bot; `outsider` is no member. */
const readyUsers: Readonly<Record<string, UserOptions>> = {
  author: { role: 'developer', name: 'A. Author' },
  bot: { role: 'developer', bot: true, name: 'Migration review' },
  colleague: { role: 'developer' },
  maintainer: { role: 'maintainer' },
  reporter: { role: 'reporter' },
  guest: { role: 'guest' },
  outsider: { role: 'none' },
}

const readyBase: Files = {
  'README.md': '# Shop\n',
  'db/migrations/0001_shop.sql': 'CREATE TABLE item (id bigint);\n',
}
const readyChange: Files = {
  'db/migrations/0002_price.sql':
    'ALTER TABLE item ADD COLUMN price numeric;\nCREATE INDEX ON item (price);\n',
}

/** A listening server with one project, one open merge request and the ready users. */
export async function startFakeGitLab(options: FakeGitLabOptions = {}): Promise<ReadyGitLab> {
  const repository = new Repository()
  const base = repository.commit('main', options.base ?? readyBase, { message: 'Shop' })
  repository.commit('feature', options.change ?? readyChange, { message: 'Change', from: base })
  const users = Object.entries({ ...readyUsers, ...options.users })
  const authoredBy = options.authoredBy ?? 'author'
  const mergeRequest: MergeRequest = {
    id: 9100,
    iid: options.iid ?? 17,
    title: 'Change the shop',
    description: '',
    // Users get their ids in order, from 11.
    authorId: 11 + users.findIndex(([name]) => name === authoredBy),
    sourceBranch: 'feature',
    targetBranch: 'main',
    state: 'opened',
    discussionLocked: false,
    diffRefsMissing: options.diffRefsMissing ?? 0,
    createdAt: '2026-01-05T09:00:00.000Z',
    mergeCommitSha: null,
    versions: [],
  }
  const server = new ReadyGitLab(new State(options, repository, mergeRequest))
  for (const [username, user] of users) server.addUser(username, user)
  const author: User = server.user(authoredBy)
  newVersion(server.state, author)
  server.botToken = server.addToken({ username: 'bot', name: 'review' })
  await server.listen()
  return server
}

/** The server with the bot's token made. */
export class ReadyGitLab extends FakeGitLab {
  /** Secret with scope `api` of user `bot`. */
  botToken = ''
}
