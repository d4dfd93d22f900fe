/** What the application does in transactions of its own. */
import { z } from 'zod'
import { text } from './parts.ts'

const transaction = z.strictObject({
  name: text
    .max(63, 'Expected a name of at most 63 characters')
    .describe('How findings call it.')
    .meta({ example: 'checkout' }),
  statements: z
    .array(text.max(20_000, 'Expected at most 20000 characters'))
    .min(1, 'Expected at least one statement')
    .max(200, 'Expected at most 200 statements')
    .describe('Its SQL, in order, with parameters as $1, $2, …')
    .meta({ example: ['UPDATE orders SET paid = true WHERE id = $1'] }),
})

export const transactions = z
  .array(transaction)
  .max(100, 'Expected at most 100 transactions')
  .refine(
    (all) => new Set(all.map(({ name }) => name)).size === all.length,
    'Expected a name of its own for each transaction',
  )
  .exactOptional()
  .describe(
    'Transactions of the application that lock several tables. A migration that locks the same tables in another order ' +
      'can end in a deadlock with them (40P01), which a finding says then; which tables their statements lock is ' +
      'predicted from the schema before the migrations.',
  )
  .meta({
    example: [
      {
        name: 'checkout',
        statements: [
          'UPDATE orders SET paid = true WHERE id = $1',
          'UPDATE accounts SET balance = balance - $2 WHERE id = $3',
        ],
      },
    ],
  })
