import type { SecretLintCoreConfig } from '@secretlint/types';
import type { Check, Found } from './check.ts';

export const secrets: Check = {
  name: 'secrets',
  severity: 'error',
  finds: 'keys, tokens and passwords of services, private keys, and addresses with a password in them',
  async find({ items }) {
    const secretsIn = await openFinder();
    const found: Found[] = [];
    for (const { where, messages } of items) {
      const kinds = new Set<string>();
      for (const { text } of messages) for (const kind of await secretsIn(text)) kinds.add(kind);
      if (kinds.size > 0) found.push({ where, message: `has ${[...kinds].join(', ')}` });
    }
    return found;
  },
};

/** Secretlint's recommended rules (https://github.com/secretlint/secretlint), which know the forms of some thirty services, and what they leave out. */
async function openFinder(): Promise<(text: string) => Promise<string[]>> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
    // It would mark the beginning and end of each rule on each text, and keep them all.
    import('@secretlint/profiler').then(({ secretLintProfiler }) => secretLintProfiler.setEnabled(false)),
  ]);
  const config: SecretLintCoreConfig = {
    rules: [
      {
        id: '@secretlint/secretlint-rule-preset-recommend',
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
    const kinds = messages
      .filter(({ range: [start, end] }) => !isPlaceholder(text.slice(start, end)))
      .map(({ message }) =>
        message
          .replace(/^found /, '')
          .replace(/[:(].*$/s, '')
          .trim(),
      );
    return [...kinds, ...otherKeysIn(text)];
  };
}

/** Forms that their makers publish and Secretlint does not know, or only between certain marks. */
const otherForms: readonly { of: string; form: RegExp }[] = [
  { of: 'Google API key', form: /(?<![\w-])AIza[\w-]{35}(?![\w-])/g },
  { of: 'SendGrid API key', form: /(?<![\w-])SG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g },
];

/** What is named a password or a key, in the languages of those who write such a line, and its value. */
const named =
  /(?<![\p{L}])(?:\w*[_-])?(?:password|passwd|passphrase|pwd|secret|token|api[ _-]?key|access[ _-]?key|secret[ _-]?key|auth[ _-]?key|passwort|kennwort|contraseña|mot de passe|senha|wachtwoord|hasło|lösenord|пароль|şifre|parola)["'”]?\s*(?:[:=]|:=|=>|\bis\b|\bist\b|\bes\b|\best\b)\s*["'“`]?([^\s"'“”`<>{}]{8,})|(?:密码|密碼|パスワード|비밀번호)\s*(?:[:：=]|是|は)\s*["'“「]?([^\s"'“”「」<>{}]{8,})/giu;

function otherKeysIn(text: string): string[] {
  const known = otherForms.flatMap(({ of, form }) =>
    [...text.matchAll(form)].some(([key]) => !isPlaceholder(key)) ? [of] : [],
  );
  const values = [...text.matchAll(named)].map(([, spaced, unspaced]) => (spaced ?? unspaced)!);
  return [
    ...known,
    ...(values.some(isDrawn) ? ['a password or key'] : []),
    ...(hasWebToken(text) ? ['a web token (JWT)'] : []),
  ];
}

/** What stands for a value: a word for it, one character again and again, a variable. */
function isPlaceholder(value: string): boolean {
  return /your|example|placeholder|changeme|sample|dummy|redacted|([a-z0-9])\1{7,}|\.{3}|^\$|\*{3}|^process\.|^os\./i.test(
    value,
  );
}

/** Drawn at random, or meant to look so: letters and digits in turn, and hardly any character twice. */
function isDrawn(written: string): boolean {
  const value = written.replace(/[.,;)]+$/, '');
  if (value.length < 8 || isPlaceholder(value) || /^[\w-]+\(|^https?:|^[\p{Ll}\p{Lu}._-]+$/u.test(value))
    return false;
  const turns = value.match(/\p{L}\P{L}|\P{L}\p{L}|\p{Ll}\p{Lu}/gu)?.length ?? 0;
  return /\p{N}/u.test(value) && /\p{L}/u.test(value) && turns >= 2 && bitsOf(value) >= 2.7;
}

/** Shannon's entropy of the characters, in bits for each. */
function bitsOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => {
    const share = count / value.length;
    return bits - share * Math.log2(share);
  }, 0);
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
