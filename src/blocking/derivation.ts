import type { LockMode } from '../core/model.ts'
import type { UnwrappedNode } from '../sql/ast.ts'
import type { SearchPath } from '../sql/names.ts'
import type { Assignments } from './assignments.ts'
import type { Via } from './footprint.ts'
import type { LockCatalog, LockFunction, LockRelation } from './lock-catalog.ts'

/** On whose behalf something happens, and how its names are looked up. */
export interface Scope {
  readonly path: SearchPath
  readonly via: Via
}

/** Rows of one relation change. */
export interface Write {
  readonly relation: LockRelation
  readonly command: 'INSERT' | 'UPDATE' | 'DELETE'
  /** ONLY: without what inherits from it. */
  readonly only: boolean
  readonly values: Assignments
}

/** The walk through a query and all that it sets off, as its parts see it. */
export interface Derivation {
  readonly catalog: LockCatalog
  /** True the first time that it is asked about this. */
  isFirst(key: string): boolean
  /** The relation's lock, which planning gives to its indexes as well. */
  lock(relation: LockRelation, mode: LockMode, via: Via): void
  /** Only the relation's. */
  lockAlone(relation: LockRelation, mode: LockMode, via: Via): void
  /** As {@link lock}, for all that inherit from it, too. */
  lockTree(relation: LockRelation, mode: LockMode, via: Via): void
  statement(statement: UnwrappedNode, scope: Scope): void
  /** An expression of the catalogue, in which all names are qualified. */
  expression(text: string, via: Via): void
  callFunction(called: LockFunction, scope: Scope): void
  /** Something that cannot be followed: completes `… may take more locks than are known: `. */
  unknown(why: string): void
}
