import { indexed } from './shape-indexed.ts'
import { jsonb } from './shape-jsonb.ts'
import { narrow } from './shape-narrow.ts'
import { partitioned } from './shape-partitioned.ts'
import { toasted } from './shape-toasted.ts'
import { wide } from './shape-wide.ts'
import type { Shape } from './shape.ts'

/** Tables as projects have them, in the order in which they run. */
export const shapes: readonly Shape[] = [narrow, wide, toasted, indexed, partitioned, jsonb]
