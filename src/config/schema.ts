import { z } from 'zod'

/** The configuration file; every part is optional. */
export const configSchema = z.strictObject({}).describe('pgrehearse configuration')

export type Config = z.infer<typeof configSchema>
