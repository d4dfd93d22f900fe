import {
  affectedQueries,
  defineRule,
  nameQueries,
  verbFor,
  type BreakEffect,
  type QueryRef,
  type StatementView,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-unordered-deployment',
  title: 'Avoid releases that can go out in no order',
  severity: 'error',
  since: '0.1.0',
  messages: {
    noOrder: ({ old, failsOld, fresh, failsNew }: Words) =>
      `No order of deployment is safe: ${old} of running code ${failsOld} on the new schema, and ${fresh} of the new code ${failsNew} on the old one.`,
  },
  statement({ statement, effects, settings, queries, earlier, report }) {
    if (queries?.impacts.some(({ effect }) => effect.kind === 'break') !== true) return
    if (isBoth(breaksOf(earlier))) return
    const view: StatementView = {
      statement,
      effects,
      settings,
      ...(queries === undefined ? {} : { queries }),
    }
    const all = breaksOf([...earlier, view])
    if (!isBoth(all)) return
    const { old, fresh } = all
    // without new code there is nothing to put in order
    if (fresh.every(({ stays }) => stays)) return
    report(
      'noOrder',
      {
        old: nameQueries(queriesOf(old)),
        failsOld: verbFor(queriesOf(old), 'fail'),
        fresh: nameQueries(queriesOf(fresh)),
        failsNew: verbFor(queriesOf(fresh), 'fail'),
      },
      {
        because: effects.filter(({ kind }) => kind === 'catalog' || kind === 'rewrite'),
        notes: [
          'Migrations first: until the last instance of the old code is gone, its queries fail. Code first: until the migrations have run, those of the new code fail.',
        ],
        queries: affectedQueries(
          // the others are named where they fail
          fresh.map(({ query, effect }) => ({
            query,
            detail: `${effect.sqlstate}: ${effect.message} (${effect.when})`,
          })),
          'fails',
        ),
        remedy: {
          summary:
            'Make two releases of it. First a migration that only adds, and code that works on both schemas; then, when that is out everywhere, the migration that takes away what nobody uses any more.',
          migrations: [],
        },
      },
    )
  },
})

interface Words {
  readonly old: string
  readonly failsOld: string
  readonly fresh: string
  readonly failsNew: string
}

interface Broken {
  readonly query: QueryRef
  readonly effect: BreakEffect
  readonly stays: boolean
}

interface Breaks {
  readonly old: readonly Broken[]
  readonly fresh: readonly Broken[]
}

/** What fails on the other side's schema, by the statements so far. */
function breaksOf(views: readonly StatementView[]): Breaks {
  const all = views.flatMap(({ queries }) =>
    (queries?.impacts ?? []).flatMap(({ query, effect, stays = false }) =>
      effect.kind === 'break' ? [{ query, effect, stays }] : [],
    ),
  )
  return {
    old: all.filter(({ effect }) => effect.when === 'old code on new schema'),
    fresh: all.filter(({ effect }) => effect.when === 'new code on old schema'),
  }
}

function isBoth({ old, fresh }: Breaks): boolean {
  return old.length > 0 && fresh.length > 0
}

function queriesOf(broken: readonly Broken[]): readonly QueryRef[] {
  return broken.map(({ query }) => query)
}
