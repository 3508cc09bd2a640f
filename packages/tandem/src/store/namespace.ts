import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';

/** The name that a project's tables have on a server, checked: other projects live there too. */
export function checkNamespace(namespace: string): string {
  if (/^[a-z][a-z0-9_]{2,39}$/.test(namespace)) return namespace;
  throw new InvalidInputError({
    domain: 'store',
    where: 'store.namespace',
    message: `"${namespace}" cannot be the namespace of a store.`,
    hint: 'Use 3 to 40 of a–z, 0–9 and _, beginning with a letter.',
  });
}

/**
 * A namespace from a project's name, for where none is given. The hash keeps apart what letters and digits do not: 日本 from 中国,
 * "A Clinic" from "a-clinic". Of two projects in one namespace, an ingest of either would destroy the other's rows.
 */
export function namespaceOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 24)
    .replace(/^_+|_+$/g, '');
  const hash = sha256(name.normalize('NFC')).slice(0, 8);
  return plain === '' ? `tandem_${hash}` : `tandem_${plain}_${hash}`;
}
