import type { SecretLintCoreConfig } from '@secretlint/types';
import type { Check, Found } from './check.ts';
import type { LintItem } from './items.ts';

export const secrets: Check = {
  name: 'secrets',
  severity: 'error',
  finds: 'keys, tokens and passwords of services, private keys, and addresses with a password in them',
  async find({ items }) {
    const find = await openFinder();
    const found: Found[] = [];
    for (const item of items) {
      const kinds = new Set<string>();
      for (const { text } of item.messages) for (const kind of await find(text)) kinds.add(kind);
      for (const kind of kinds)
        found.push({ where: (item satisfies LintItem).where, message: `has ${kind}` });
    }
    return found;
  },
};

/** Secretlint's recommended rules (https://github.com/secretlint/secretlint), which know the forms of some thirty services, and web tokens beside them. */
async function openFinder(): Promise<(text: string) => Promise<string[]>> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const id = '@secretlint/secretlint-rule-preset-recommend';
  const config: SecretLintCoreConfig = {
    rules: [
      {
        id,
        rule: creator,
        rules: [{ id: '@secretlint/secretlint-rule-aws', options: { enableIDScanRule: true } }],
      },
    ],
  };
  return async (text) => {
    const { messages } = await lintSource({
      source: { filePath: 'message.txt', content: text, contentType: 'text' },
      options: { config, maskSecrets: true, noPhysicFilePath: true },
    });
    const kinds = messages.map(({ message }) =>
      message
        .replace(/^found /, '')
        .replace(/[:(].*$/s, '')
        .trim(),
    );
    return [...kinds, ...(hasWebToken(text) ? ['a web token (JWT)'] : [])];
  };
}

/** A JSON Web Token (RFC 7519): three parts in base64url, of which the first is a header that names its algorithm. */
function hasWebToken(text: string): boolean {
  return [...text.matchAll(/\b(eyJ[\w-]{10,})\.[\w-]{8,}\.[\w-]{16,}/g)].some(([, header]) => {
    try {
      return 'alg' in JSON.parse(Buffer.from(header!, 'base64url').toString('utf8'));
    } catch {
      return false;
    }
  });
}
