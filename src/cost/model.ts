import type { Relation } from '../core/model.ts'

/** What kind of work on a relation grows with it; decides how samples are scaled. */
export type WorkKind =
  | 'scan' // every row is read and checked: SET NOT NULL, CHECK, VALIDATE, ATTACH, queries
  | 'foreign key' // every row is looked up in another table
  | 'index build' // every row is read and sorted
  | 'rewrite' // heap and indexes are written anew
  | 'write' // INSERT, UPDATE, DELETE, MERGE, COPY of as many rows as there are
  | 'copy files' // SET TABLESPACE: blocks are copied as they are
  | 'analyze' // a sample of the rows is read, at most 30,000 pages with the default statistics target

export interface WorkPart {
  readonly kind: WorkKind
  /** The table (of an index: its table) whose size decides. */
  readonly relation: Pick<Relation, 'schema' | 'name' | 'kind'>
  /** Access method of an index that is built, where it is known: `btree`, `gin`, … */
  readonly method?: string
  /** `schema.name` of an existing index that gets a new file. */
  readonly index?: string
}

/** What of a statement takes longer the larger production is. */
export interface Work {
  /** `unknown`: opaque code (DO, functions), or a statement that could not be understood. */
  readonly growth: 'metadata only' | 'grows' | 'unknown'
  readonly parts: readonly WorkPart[]
}
