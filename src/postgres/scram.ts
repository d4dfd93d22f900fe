import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), both sides of it, as Postgres speaks them (auth-scram.c). */

const iterations = 4096

interface Keys {
  readonly client: Buffer
  readonly stored: Buffer
  readonly server: Buffer
}

function keysFor(password: string, salt: Buffer, rounds: number): Keys {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, rounds, 32, 'sha256')
  const client = hmac(salted, 'Client Key')
  return { client, stored: sha256(client), server: hmac(salted, 'Server Key') }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)))
}

function attributes(message: string): ReadonlyMap<string, string> {
  return new Map(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)] as const))
}

/** Logs in to a server that offers SCRAM-SHA-256. */
export class ScramClient {
  /** What the client sends first. */
  readonly first: string
  private readonly bare: string
  private readonly nonce = randomBytes(18).toString('base64')
  private readonly password: string
  private serverSignature: Buffer | undefined

  constructor(password: string) {
    this.password = password
    this.bare = `n=,r=${this.nonce}`
    this.first = `n,,${this.bare}`
  }

  /** The answer to the server's first message. @throws when that is none. */
  answer(serverFirst: string): string {
    const parts = attributes(serverFirst)
    const nonce = parts.get('r') ?? ''
    const rounds = Number(parts.get('i'))
    if (!nonce.startsWith(this.nonce) || !(rounds >= 1 && rounds <= 10_000_000))
      throw new Error('the server answers SCRAM with something else')
    const keys = keysFor(this.password, Buffer.from(parts.get('s') ?? '', 'base64'), rounds)
    const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${nonce}`
    const signed = `${this.bare},${serverFirst},${withoutProof}`
    this.serverSignature = hmac(keys.server, signed)
    const proof = xor(keys.client, hmac(keys.stored, signed))
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Does the server know the password, too? */
  accepts(serverFinal: string): boolean {
    const signature = Buffer.from(attributes(serverFinal).get('v') ?? '', 'base64')
    const expected = this.serverSignature
    return (
      expected !== undefined && signature.length === expected.length && timingSafeEqual(signature, expected)
    )
  }
}

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'

/** What a client has to prove. */
export interface ScramSecret {
  readonly salt: Buffer
  readonly stored: Buffer
  readonly server: Buffer
}

export function scramSecret(password: string): ScramSecret {
  const salt = randomBytes(16)
  const { stored, server } = keysFor(password, salt, iterations)
  return { salt, stored, server }
}

/**
 * What the server keeps of a password (pg_authid.rolpassword, encrypt_password() in crypt.c), to be given to it in the
 * password's place. One iteration, so that logging in takes no time: more are for passwords that can be guessed.
 */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16)
  const { stored, server } = keysFor(password, salt, 1)
  return `SCRAM-SHA-256$1:${salt.toString('base64')}$${stored.toString('base64')}:${server.toString('base64')}`
}

/** One login of a client. */
export class ScramServer {
  private readonly secret: ScramSecret
  /** `tls-server-end-point`: the hash of our certificate; undefined without TLS. */
  private readonly binding: Buffer | undefined
  private header = ''
  private clientBare = ''
  private serverFirst = ''
  private bound: Buffer = Buffer.alloc(0)

  constructor(secret: ScramSecret, binding: Buffer | undefined) {
    this.secret = secret
    this.binding = binding
  }

  get mechanisms(): readonly ScramMechanism[] {
    return this.binding === undefined ? ['SCRAM-SHA-256'] : ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']
  }

  /** Our answer to the client's first message; undefined when it is malformed. */
  begin(mechanism: string, clientFirst: string): string | undefined {
    const match = /^((?:n|y|p=([^,]*)),(?:a=[^,]*)?,)((?:[^,]*,)*r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/.exec(
      clientFirst,
    )
    if (match === null) return undefined
    const [, header = '', bindingName, bare = '', nonce = ''] = match
    const isPlus = mechanism === 'SCRAM-SHA-256-PLUS'
    if (isPlus !== (bindingName !== undefined)) return undefined
    if (isPlus && (this.binding === undefined || bindingName !== 'tls-server-end-point')) return undefined
    // `y`: it could bind, and believes that we cannot, though we offered to
    if (header.startsWith('y') && this.binding !== undefined) return undefined
    this.header = header
    this.bound = isPlus ? (this.binding ?? Buffer.alloc(0)) : Buffer.alloc(0)
    this.clientBare = bare
    this.serverFirst = `r=${nonce}${randomBytes(18).toString('base64')},s=${this.secret.salt.toString('base64')},i=${iterations}`
    return this.serverFirst
  }

  /** Our last message; undefined when the client does not know the password. */
  finish(clientFinal: string): string | undefined {
    const proofAt = clientFinal.lastIndexOf(',p=')
    if (proofAt < 0) return undefined
    const withoutProof = clientFinal.slice(0, proofAt)
    const parts = attributes(withoutProof)
    const expected = Buffer.concat([Buffer.from(this.header), this.bound]).toString('base64')
    if (parts.get('c') !== expected || parts.get('r') !== attributes(this.serverFirst).get('r'))
      return undefined
    const signed = `${this.clientBare},${this.serverFirst},${withoutProof}`
    const proof = Buffer.from(clientFinal.slice(proofAt + 3), 'base64')
    const key = xor(proof, hmac(this.secret.stored, signed))
    if (proof.length !== 32 || !timingSafeEqual(sha256(key), this.secret.stored)) return undefined
    return `v=${hmac(this.secret.server, signed).toString('base64')}`
  }
}
