/** The application's queries of a report that was read, with paths from the top of the repository. */
import type {
  AffectedQuery,
  QueryEffect,
  QueryRef,
  ReportQueries,
  ReportQuery,
  Span,
  StatementRef,
} from '../core/model.ts'

/** The path from the top of the repository. Throws for one outside of it. */
export type MovePath = (file: string) => string

/** The span with its file moved, inside of the text that the report carries of it. */
export type PlaceSpan = (span: Span) => Span

/** A reference to a query, its file moved. */
export function placedRef<Kind extends QueryRef>(query: Kind, moved: MovePath): Kind {
  return query.file === undefined ? query : { ...query, file: moved(query.file) }
}

/** The section "Your queries". */
export function placedQueries(queries: ReportQueries, moved: MovePath, place: PlaceSpan): ReportQueries {
  const { deployment, list } = queries
  return {
    ...queries,
    list: list.map((query) => placedQuery(query, moved, place)),
    ...(deployment === undefined
      ? {}
      : {
          deployment: {
            ...deployment,
            because: deployment.because.map((query: AffectedQuery) => placedRef(query, moved)),
          },
        }),
  }
}

function placedQuery(query: ReportQuery, moved: MovePath, place: PlaceSpan): ReportQuery {
  const { span, effects } = query
  return {
    ...placedRef(query, moved),
    ...(span === undefined ? {} : { span: place(span) }),
    effects: effects.map((effect) => placedEffect(effect, place)),
  }
}

function placedEffect(effect: QueryEffect, place: PlaceSpan): QueryEffect {
  const until = effect.kind === 'break' && effect.until !== undefined ? effect.until : undefined
  const cause = 'cause' in effect ? effect.cause : undefined
  return {
    ...effect,
    ...(cause === undefined ? {} : { cause: placedStatement(cause, place) }),
    ...(until === undefined ? {} : { until: placedStatement(until, place) }),
  }
}

function placedStatement({ file, index, span }: StatementRef, place: PlaceSpan): StatementRef {
  const placed = place({ ...span, file })
  return { file: placed.file, index, span: placed }
}
