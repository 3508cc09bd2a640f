import { InvalidInputError } from '../core/errors/invalid-input-error.ts';

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

/** A namespace from a project's name, for where none is given. */
export function namespaceOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return `tandem_${plain}`.slice(0, 40).replace(/_+$/, '');
}
