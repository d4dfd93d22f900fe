import { escapeLiteral } from 'pg'

/** One function of the broker. */
export interface BrokerFunction {
  readonly name: string
  /** Parameters as in CREATE FUNCTION. */
  readonly parameters: string
  readonly declare?: string
  readonly body: string
}

/** A text array as SQL. */
export const textList = (values: readonly string[]): string =>
  `array[${values.map(escapeLiteral).join(', ')}]::text[]`

/** Raises 42501, as Postgres itself would; `message` is a format() string for the SQL expressions `values`. */
export const refuse = (message: string, ...values: readonly string[]): string =>
  `raise insufficient_privilege using message = format(${[escapeLiteral(message), ...values].join(', ')});`
