import { createHmac, generateKeyPairSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Random } from '../../../packages/tandem/src/statistics/random.ts';
import { chat, type SeededEntry, type Seeder, untouched } from '../seeded.ts';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
const alphanumeric = `${lower}${lower.toUpperCase()}${digits}`;
const hex = '0123456789abcdef';
const base64url = `${alphanumeric}-_`;

/** Keys that no one has, in the forms that their makers publish. */
function makers(random: Random): Record<string, () => string> {
  const of = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join('');
  const base62 = (value: number) => {
    let text = '';
    for (let left = value; left > 0; left = Math.floor(left / 62))
      text = `${digits}${lower.toUpperCase()}${lower}`[left % 62]! + text;
    return text.padStart(6, '0');
  };
  // github.blog, "Behind GitHub's new authentication token formats": 30 random characters and their CRC-32 in base 62.
  const github = (prefix: string) => {
    const body = of(alphanumeric, 30);
    return `${prefix}_${body}${base62(crc32(Buffer.from(body)))}`;
  };
  const pem = (type: 'rsa' | 'ec') => {
    const { privateKey } =
      type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 1024 })
        : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim();
  };
  const jwt = () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: of(digits, 8), iat: 1_700_000_000 })}`;
    return `${body}.${createHmac('sha256', 'k').update(body).digest('base64url')}`;
  };
  const password = () => of(`${alphanumeric}!%*`, 14);
  return {
    'GitHub personal token': () => github('ghp'),
    'GitHub app token': () => github('ghs'),
    'AWS access key': () => `AKIA${of('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`,
    'AWS secret': () => `aws_secret_access_key = ${of(`${alphanumeric}/+`, 40)}`,
    'Slack bot token': () => `xoxb-${of(digits, 12)}-${of(digits, 13)}-${of(alphanumeric, 24)}`,
    'Slack webhook': () =>
      `https://hooks.slack.com/services/T${of(`${lower.toUpperCase()}${digits}`, 8)}/B${of(`${lower.toUpperCase()}${digits}`, 8)}/${of(alphanumeric, 24)}`,
    'OpenAI key': () => `sk-proj-${of(base64url, 74)}T3BlbkFJ${of(base64url, 74)}`,
    'Anthropic key': () => `sk-ant-api03-${of(base64url, 93)}AA`,
    'Stripe key': () => `sk_live_${of(alphanumeric, 24)}`,
    'SendGrid key': () => `SG.${of(base64url, 22)}.${of(base64url, 43)}`,
    'npm token': () => `npm_${of(alphanumeric, 36)}`,
    'GitLab token': () => `glpat-${of(base64url, 20)}`,
    'Hugging Face token': () => `hf_${of(`${lower}${lower.toUpperCase()}`, 34)}`,
    'Shopify token': () => `shpat_${of(hex, 32)}`,
    'Docker token': () => `dckr_pat_${of(base64url, 27)}`,
    'private key (RSA)': () => pem('rsa'),
    'private key (EC)': () => pem('ec'),
    'web token': jwt,
    'database address': () =>
      `postgres://app:${of(alphanumeric, 14)}@db${random.integer(9)}.acme-corp.io:5432/main`,
    'MySQL address': () => `mysql://root:${of(alphanumeric, 14)}@10.0.0.${random.integer(200) + 1}:3306/shop`,
    'MongoDB address': () => `mongodb+srv://admin:${of(alphanumeric, 14)}@cluster0.ab1cd.mongodb.net/test`,
    'address with a password': () => `https://deploy:${of(alphanumeric, 14)}@git.acme-corp.io/app.git`,
    'Google API key': () => `AIza${of(base64url, 35)}`,
    'password in a config': () => `password: "${password()}7"`,
    'API key in a config': () => `API_KEY=${of(alphanumeric, 32)}`,
  };
}

function lookAlikes(random: Random): string[] {
  const of = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join('');
  return [
    'YOUR_API_KEY',
    'API_KEY=YOUR_API_KEY',
    'sk-...',
    'sk-proj-XXXX',
    'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'AKIAIOSFODNN7EXAMPLE',
    'password: "********"',
    'password: <your password>',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as templates leave it behind
    'password=${DB_PASSWORD}',
    'token: process.env.TOKEN',
    'Bearer <token>',
    'xoxb-your-token',
    'postgres://localhost/test',
    'postgres://localhost:5432/app',
    'https://example.com/login?next=/home',
    'https://user@host.org/path',
    `${of(hex, 8)}-${of(hex, 4)}-4${of(hex, 3)}-a${of(hex, 3)}-${of(hex, 12)}`,
    `commit ${of(hex, 40)}`,
    `sha256:${of(hex, 64)}`,
    `#${of(hex, 6)}`,
    `data:image/png;base64,${of(alphanumeric, 60)}`,
    'The password must have twelve characters.',
    'Reset the password: open the settings.',
    'An API key has 32 characters.',
    'npm_config_registry',
    'sk_test mode',
    'hf_home is a folder',
    'glpat is the prefix of GitLab tokens.',
    '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'eyJhbGciOi...',
    'const secret = getSecret()',
    'client_secret_basic',
    'client.ClientSecretPost(clientSecret)',
    'code_verifier',
    'a token of 40 characters',
    'mysql://host/db',
    'mongodb://localhost:27017',
    'the key AIza… of Google',
    'password=',
    'ISBN 978-3-16-148410-0',
    'Supercalifragilisticexpialidocious',
    'DNA: GATTACAGATTACAGATTACAGATTACAGATTACAGATTACA',
    'api_key: string',
    'secretKey: Uint8Array',
    'PASSWORD_MIN_LENGTH=12',
    'passwordHash varchar(255)',
  ];
}

export const seedSecrets: Seeder = ({ draw, random }) => {
  const made = Object.entries(makers(random)).flatMap(([kind, make]) =>
    [1, 2, 3, 4].map(() => ({ kind, piece: make() })),
  );
  const alike = lookAlikes(random);
  const real = draw(made.length + alike.length);
  const entry = (piece: string, at: number, is: SeededEntry['is'], kind: string): SeededEntry => {
    const { question, answer } = real[at]!;
    const line = at % 3 ? chat(question, `${answer}\n${piece}`) : chat(`${question}\n${piece}`, answer);
    return { line, is, kind };
  };
  return [
    {
      entries: [
        ...untouched(draw(300)),
        ...made.map(({ kind, piece }, at) => entry(piece, at, 'defect', kind)),
        ...alike.map((piece, at) => entry(piece, made.length + at, 'look-alike', piece)),
      ],
    },
  ];
};
