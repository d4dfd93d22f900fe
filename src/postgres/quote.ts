/** A literal that is safe whatever standard_conforming_strings says, and an always quoted identifier. */
export { escapeIdentifier as quoteIdentifier, escapeLiteral as quoteLiteral } from 'pg'
