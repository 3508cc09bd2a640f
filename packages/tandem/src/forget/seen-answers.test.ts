import { expect, test } from 'vitest';
import { withoutContent } from './seen-answers.ts';

test('nothing that an answer says of a document is left: neither its claims, nor a draft, nor fields', () => {
  const secret = 'Berths cost 24 euros.';
  const span = { marker: 1, documentId: 'fees', uri: 'fees.md', start: 0, end: secret.length, quote: secret };
  const claim = { text: secret, sentence: secret, verdict: 'supported' as const, spans: [span] };
  const answer = {
    text: secret,
    raw: secret,
    abstained: false,
    output: { reply: secret },
    citations: [{ ...span, sentence: secret }],
    claims: [claim],
    revision: { action: 'dropped' as const, draft: secret, unsupported: [claim] },
  };
  const left = withoutContent(answer);
  expect(JSON.stringify(left)).not.toContain('Berths');
  expect(left.abstained).toBe(false);
});
