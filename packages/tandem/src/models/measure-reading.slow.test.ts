import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchModel } from './fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from './local-embedder.ts';
import { localToolsOf } from './local-tools.ts';
import { canRead, measureReading } from './measure-reading.ts';

let model: LocalEmbedderModel;
beforeAll(async () => {
  model = await openLocalEmbedder({ path: (await fetchModel('local:all-minilm-l6-v2')).path, threads: 1 });
});
afterAll(() => model[Symbol.asyncDispose]());

const reading = (text: string) => measureReading(localToolsOf(model)!, text)!;

test.each([
  [
    'English',
    'Members borrow up to six books for a month and may renew them twice unless another reader waits.',
    true,
  ],
  ['Russian', 'Читатели берут до шести книг на месяц и могут продлить срок дважды.', false],
  ['Thai', 'สมาชิกยืมหนังสือได้หกเล่มเป็นเวลาหนึ่งเดือน', false],
  ['Chinese', '会员每月最多可借阅六本书，并可续借两次。', false],
  ['Arabic', 'يستعير الأعضاء ستة كتب لمدة شهر ويمكنهم التجديد مرتين.', false],
])("MiniLM's tokenizer on %s", (_, text, can) => {
  expect(canRead(reading(text))).toBe(can);
});

test('numbers say nothing, and a text without words has no measure', () => {
  expect(measureReading(localToolsOf(model)!, '12 000 – 3.5 %')).toBeUndefined();
});
