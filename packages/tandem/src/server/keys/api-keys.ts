import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../../catalog/sqlite/database.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { type Caller, type Scope, scopes } from './caller.ts';

/** A key as it is listed: never the secret itself. */
export interface ApiKey {
  id: string;
  name: string;
  tenant: string;
  scopes: readonly Scope[];
  access: readonly string[] | null;
  projects: readonly string[] | null;
  /** Unix seconds. */
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
}

/** What a new key is given. */
export interface NewApiKey {
  name: string;
  /** Default: `default`. */
  tenant?: string;
  /** Default: read and ask. */
  scopes?: readonly Scope[];
  /** Access labels; absent: every document. */
  access?: readonly string[];
  /** Projects by name; absent: all. */
  projects?: readonly string[];
  /** Unix seconds. */
  expiresAt?: number;
}

interface KeyRow {
  id: string;
  name: string;
  tenant: string;
  scopes: string;
  access: string | null;
  projects: string | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
}

const prefix = 'tdm-';

/**
 * The keys of a server. A secret is 32 random bytes; what is stored is its SHA-256, which suffices for a secret that nobody can guess, and it
 * is shown once, when it is made.
 */
export class ApiKeys {
  readonly #database: Database;
  readonly #now: () => number;

  /** @param now Unix seconds */
  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** @throws InvalidInputError for an expiry that is past */
  create(given: NewApiKey): { key: ApiKey; secret: string } {
    const now = this.#now();
    if (given.expiresAt !== undefined && given.expiresAt <= now)
      throw new InvalidInputError({
        domain: 'server',
        where: 'expires',
        message: 'The key would have expired already.',
        hint: 'Give a time in the future, or none.',
      });
    const secret = prefix + randomBytes(32).toString('base64url');
    const id = `key_${randomBytes(8).toString('hex')}`;
    this.#database.run(
      'INSERT INTO api_keys (id, hash, name, tenant, scopes, access, projects, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      hashOf(secret),
      given.name,
      given.tenant ?? 'default',
      JSON.stringify(given.scopes ?? ['read', 'ask']),
      given.access === undefined ? null : JSON.stringify(given.access),
      given.projects === undefined ? null : JSON.stringify(given.projects),
      now,
      given.expiresAt ?? null,
    );
    return { key: this.list().find((key) => key.id === id)!, secret };
  }

  list(): ApiKey[] {
    return this.#database.all<KeyRow>('SELECT * FROM api_keys ORDER BY created_at, id').map(keyOf);
  }

  /** Whether there is any key that may still be used or was ever made: then nobody is let in without one. */
  hasAny(): boolean {
    return this.#database.get('SELECT 1 FROM api_keys LIMIT 1') !== undefined;
  }

  /** False where there is no such key, or it was revoked before. */
  revoke(id: string): boolean {
    return (
      this.#database.run(
        'UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
        this.#now(),
        id,
      ) > 0
    );
  }

  /** Who holds this secret; undefined for one that is unknown, expired or revoked. */
  callerOf(secret: string): Caller | undefined {
    // Looked up by its hash: how long that takes tells nothing of the secret.
    const row = this.#database.get<KeyRow>('SELECT * FROM api_keys WHERE hash = ?', hashOf(secret));
    if (!row || row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= this.#now()))
      return undefined;
    const key = keyOf(row);
    return {
      id: key.id,
      tenant: key.tenant,
      scopes: new Set(key.scopes),
      ...(key.access && { access: key.access }),
      ...(key.projects && { projects: key.projects }),
    };
  }
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

function keyOf(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenant,
    scopes: (JSON.parse(row.scopes) as string[]).filter((scope): scope is Scope =>
      (scopes as readonly string[]).includes(scope),
    ),
    access: row.access === null ? null : JSON.parse(row.access),
    projects: row.projects === null ? null : JSON.parse(row.projects),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
