/** The run itself changes what queries lock: foreign keys, triggers and partitions come and go. */
import type { QueryLock, Statement } from '../core/model.ts'
import { lockStrength } from '../core/locks.ts'
import { reviewedTransactions, walkReview } from '../replay/walk-review.ts'
import type { QueryStage } from '../replay/query-stage.ts'
import { connected } from '../replay/stage.ts'
import type { TakenLock } from './footprint.ts'
import { LockCatalog } from './lock-catalog.ts'

/** Called with the schema that a transaction of the run has left; false ends the walk. */
type Visit = (catalog: LockCatalog, transaction: number) => boolean

/** Applies the migrations to a copy, and stops wherever one may have changed what queries lock and another follows. */
export async function visitSchemas(stage: QueryStage, visit: Visit): Promise<void> {
  const transactions = reviewedTransactions(stage.review)
  const last = transactions.at(-1)?.[0]?.statement.transaction
  const changes = transactions
    .slice(0, -1)
    .some((placed) => placed.some(({ statement }) => isEdge(statement)))
  if (last === undefined || !changes) return
  const database = await stage.copyBefore()
  try {
    await using admin = await connected(stage.server, database)
    await walkReview(stage, database, {
      inside: () => Promise.resolve(),
      committed: async (statements) => {
        const transaction = statements.at(-1)?.statement.transaction ?? last
        if (transaction >= last) return false
        if (!statements.some(({ statement }) => isEdge(statement))) return true
        return visit(await LockCatalog.read(admin.client, stage.server.major), transaction)
      },
    })
  } finally {
    await stage.server.dropDatabase(database)
  }
}

/** Statements that leave alone which relations depend on each other. */
const edgeless: ReadonlySet<string> = new Set([
  'IndexStmt',
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'VariableSetStmt',
  'TransactionStmt',
  'CommentStmt',
  'VacuumStmt',
  'ReindexStmt',
  'ClusterStmt',
  'GrantStmt',
  'AlterEnumStmt',
  'CreateEnumStmt',
  'CreateExtensionStmt',
  'CreateStatsStmt',
  'RefreshMatViewStmt',
  'TruncateStmt',
  'LockStmt',
])

const edgelessCommands: ReadonlySet<unknown> = new Set([
  'AT_ValidateConstraint',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_AlterColumnType',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_SetStorage',
  'AT_SetCompression',
])

function isEdge({ tag, node }: Statement): boolean {
  if (tag !== 'AlterTableStmt') return !edgeless.has(tag)
  const commands = (node?.['cmds'] ?? []) as readonly { AlterTableCmd?: { subtype?: unknown } }[]
  return commands.some(({ AlterTableCmd: command }) => !edgelessCommands.has(command?.subtype))
}

/** The locks of one query while the schema changes. */
export class LocksOverTime {
  /** Of the schema before the run. */
  private readonly first: readonly TakenLock[]
  /** What the catalogue tells of it without planning the query. */
  private readonly derivable: ReadonlySet<string>
  private readonly ended = new Map<string, number>()
  private readonly added = new Map<string, { readonly lock: TakenLock; readonly after: number }>()

  /** @param derived as `first`, without what planning told */
  constructor(first: readonly TakenLock[], derived: readonly TakenLock[]) {
    this.first = first
    this.derivable = new Set(derived.map(identity))
  }

  /**
   * @param locks as derived from the schema that this transaction has left
   * @param before the schema before the run: what is not in it, nobody else can lock
   */
  see(locks: readonly TakenLock[], transaction: number, before: LockCatalog): void {
    const now = new Set(locks.map(identity))
    for (const lock of this.first) {
      const key = identity(lock)
      if (this.derivable.has(key) && !now.has(key) && !this.ended.has(key)) this.ended.set(key, transaction)
    }
    for (const lock of locks) {
      const key = identity(lock)
      const relation = before.relation(lock.relation.oid)
      // what planning has ruled out before is ruled out still
      if (relation === undefined || this.derivable.has(key) || this.added.has(key)) continue
      if (this.isCovered(lock)) continue
      this.added.set(key, { lock: { ...lock, relation }, after: transaction })
    }
  }

  private isCovered(lock: TakenLock): boolean {
    return this.first.some(
      (one) =>
        one.relation.oid === lock.relation.oid &&
        !this.ended.has(identity(one)) &&
        lockStrength(one.mode) >= lockStrength(lock.mode),
    )
  }

  /** With the names that relations had before the run. */
  locks(): readonly QueryLock[] {
    const first = this.first.map((lock) => {
      const upTo = this.ended.get(identity(lock))
      return toQueryLock(lock, upTo === undefined ? undefined : { upTo })
    })
    return [...first, ...[...this.added.values()].map(({ lock, after }) => toQueryLock(lock, { after }))]
  }
}

function identity({ relation, mode, via }: TakenLock): string {
  return `${relation.oid} ${mode} ${via.through} ${via.name ?? ''}`
}

function toQueryLock(
  { relation: { schema, name, kind }, mode, via }: TakenLock,
  transactions: QueryLock['transactions'],
): QueryLock {
  const relation = { schema, name, kind }
  return { relation, mode, ...via, ...(transactions === undefined ? {} : { transactions }) }
}
