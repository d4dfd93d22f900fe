import type { Statement } from '../core/model.ts'

/** One action of ALTER TABLE, as far as the replay looks at it. */
export interface AlterCommand {
  readonly subtype: string
  readonly def?: {
    readonly Constraint?: ConstraintNode
    readonly ColumnDef?: { readonly constraints?: readonly { readonly Constraint?: ConstraintNode }[] }
  }
}

export interface ConstraintNode {
  readonly contype?: string
  readonly indexname?: string
}

/** The actions of an ALTER TABLE statement, in the order in which they are written. */
export function alterCommands(node: Statement['node']): readonly AlterCommand[] {
  const commands = (node?.['cmds'] ?? []) as readonly { readonly AlterTableCmd?: AlterCommand }[]
  return commands.flatMap(({ AlterTableCmd: command }) => (command === undefined ? [] : [command]))
}
