import { rustProgram } from '../rust-program.ts'

export const tool = rustProgram('sqlx')
