import { expect, test } from 'vitest';
import { identifiersIn, names } from './identifiers.ts';

test.each([
  ['`client.openGate(key)`', ['opengate']],
  ['Call openGate to open it.', ['opengate']],
  ['The option open_gate does.', ['opengate']],
  ['`new GatePlugin({ key: 1 })` and `Lock<Key>`', ['gateplugin', 'lock']],
  ['`.$if(open, (gate) => gate.shut())`', ['if']],
  ['``tag`text` ``', ['tag']],
  ['Run `npm install gate`, then wait (a while).', []],
  ['The gate opens at seven.', []],
])('%s names %j', (text, expected) => {
  expect([...identifiersIn(text)]).toEqual(expected);
});

test('a name is found as code and as a word, whole', () => {
  expect(names('Use `client.OpenGate()`.', 'opengate')).toBe(true);
  expect(names('Use openGates.', 'opengate')).toBe(false);
});
