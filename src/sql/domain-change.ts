import type { Remedy } from '../core/model.ts'
import { step } from './remedies.ts'

/** What an ALTER DOMAIN that reads tables does, and what to do instead. */
export interface DomainChange {
  readonly change: 'add' | 'validate' | 'not null'
  readonly remedy: Remedy
}

/** AlterDomainStmt.subtype: `V` validates, `O` sets NOT NULL, `C` adds a constraint. */
export function domainChange(sql: string, subtype: string | undefined): DomainChange {
  const instead = 'put validated CHECK constraints on the tables instead, which lets writes go on'
  if (subtype === 'V') {
    return {
      change: 'validate',
      remedy: { summary: `Leave it for a quiet hour, or ${instead}.`, migrations: [] },
    }
  }
  if (subtype === 'O') {
    return {
      change: 'not null',
      remedy: {
        summary: `Add CHECK (VALUE IS NOT NULL) NOT VALID to the domain, which reads no row, or ${instead}.`,
        migrations: [],
      },
    }
  }
  return {
    change: 'add',
    remedy: {
      summary: `Add it NOT VALID: new values are checked from then on, without reading a row. Leave VALIDATE CONSTRAINT for a quiet hour, or ${instead}.`,
      migrations: [step(`${sql} NOT VALID`)],
    },
  }
}
