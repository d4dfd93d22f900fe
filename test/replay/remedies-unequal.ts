/**
 * Remedies of bad examples that leave another schema than the statement they stand for, by `file:line`, and why. A case
 * that is listed and equal fails the test.
 */
export const unequalByNature: Readonly<Record<string, string>> = {
  'rules/avoid-function-overload/bad.sql:3': 'the old function goes',
  'rules/avoid-function-overload/bad.sql:8': 'the old function goes',
  'rules/avoid-required-column/bad.sql:2': 'what the rows there are to hold is for a person to say',
  'rules/avoid-required-column/bad.two.sql:3': 'what the rows there are to hold is for a person to say',
  'rules/require-not-valid-constraint/bad.domain.sql:2':
    'VALIDATE of a domain takes the lock of the statement: it waits for a quiet hour',
}

/** Rules whose remedies do something else than the statement on purpose. */
export const unequalRules: Readonly<Record<string, string>> = {
  'avoid-lost-table-properties': 'they keep what the statement loses',
  'avoid-redundant-index': 'they leave out what nobody needs',
  'require-index-for-foreign-key': 'they bring the index that is missing',
}
