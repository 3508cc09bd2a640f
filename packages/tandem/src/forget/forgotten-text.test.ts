import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ForgottenText, removedMark } from './forgotten-text.ts';

const text =
  'The reactor in hall seven is switched off with the quartz key.\nAsk the safety office before you do anything at all.';
const forgotten = () => new ForgottenText({ id: 'rag', uri: 'docs/rag.md', title: 'Reactor', text });

test('runs of its words are taken out, whatever stands between them, and what others say as well is left', () => {
  const own = forgotten();
  expect(own.without('He said: “the REACTOR, in hall seven, is switched off” – so what?')).toBe(
    `He said: “${removedMark}” – so what?`,
  );
  expect(own.isIn('The reactor in hall eight is switched on.')).toBe(false);
  const shared = 'Ask the safety office before you do anything at all.';
  expect(own.isIn(shared)).toBe(true);
  own.exclude(`Elsewhere, too: ${shared}`);
  expect(own.without(`${shared} ${text.split('\n')[0]}`)).toBe(`${shared} ${removedMark}.`);
  expect(own.probes().map(String)).toEqual([
    'The reactor in hall seven is',
    'switched off with the quartz key',
  ]);
});

test('in JSON its names go where names stand, objects about it keep their numbers, all else stays the same value', () => {
  const value = {
    arm: 'rag',
    passages: {
      'rag#0': { documentId: 'rag', uri: 'docs/rag.md', rank: 2, headings: ['a'], text: 'x' },
      'ragged#0': 1,
    },
    ids: ['rag', 'other'],
    list: [1, 'rag', null, true],
  };
  const own = forgotten();
  expect(own.redacted(value)).toEqual({
    arm: 'rag',
    passages: {
      [own.alias]: { documentId: own.alias, uri: own.alias, rank: 2, headings: [], text: removedMark },
      'ragged#0': 1,
    },
    ids: [own.alias, 'other'],
    list: [1, 'rag', null, true],
  });
  const untouched = { a: [{ b: 'nothing of it' }], arm: 'rag' };
  expect(own.redacted(untouched)).toBe(untouched);
});

test('no six of its words in a row survive, wherever they are put', () => {
  const words = text.match(/\p{L}+/gu)!;
  const own = forgotten();
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom('and', 'zinc', '…', '\n'),
          fc.tuple(fc.nat(words.length - 1), fc.integer({ min: 1, max: 12 })),
        ),
      ),
      (parts) => {
        const mixed = parts
          .map((part) =>
            typeof part === 'string' ? part : words.slice(part[0], part[0] + part[1]).join(' '),
          )
          .join(' ');
        const left = own.without(mixed);
        expect(own.isIn(left)).toBe(false);
        for (let i = 0; i + 6 <= words.length; i++)
          expect(` ${left} `).not.toContain(` ${words.slice(i, i + 6).join(' ')} `);
        // What is left stands as it stood, with the mark for what is gone.
        const kept = left.split(removedMark);
        let from = 0;
        for (const piece of kept) {
          expect(mixed.indexOf(piece, from)).toBeGreaterThanOrEqual(from);
          from = mixed.indexOf(piece, from) + piece.length;
        }
      },
    ),
  );
});

describe('scripts without spaces between words', () => {
  const texts = {
    Chinese: {
      own: '七号大厅的反应堆用阿玛拉保管的石英钥匙关闭。铅门旁的蓝灯要过十九分钟才会熄灭。',
      shared: '在做这里描述的任何事情之前，请先询问一楼的安全办公室。',
      quoted: '七号大厅的反应堆用阿玛拉保管的石英钥匙关闭',
      other: '七号大厅的反应堆每年检查两次。',
    },
    Japanese: {
      own: '第七ホールの原子炉はアマラが保管する石英の鍵で停止する。鉛の扉のそばの青いランプが消えるまで十九分かかる。',
      shared: 'ここに書かれていることを行う前に、一階の安全管理室に相談してください。',
      quoted: '第七ホールの原子炉はアマラが保管する石英の鍵で停止する',
      other: '第七ホールの原子炉は年に二回点検する。',
    },
    Thai: {
      own: 'เตาปฏิกรณ์ในห้องเจ็ดปิดด้วยกุญแจควอตซ์ที่อมาราเก็บรักษาไว้ ใช้เวลาสิบเก้านาทีกว่าโคมไฟสีน้ำเงินข้างประตูตะกั่วจะดับ',
      shared: 'โปรดถามสำนักงานความปลอดภัยที่ชั้นล่างก่อนทำสิ่งใดที่อธิบายไว้ที่นี่',
      quoted: 'เตาปฏิกรณ์ในห้องเจ็ดปิดด้วยกุญแจควอตซ์ที่อมาราเก็บรักษาไว้',
      other: 'เตาปฏิกรณ์ในห้องแปดตรวจปีละสองครั้ง',
    },
  };

  test.each(Object.entries(texts))(
    '%s is found sentence by sentence',
    (_, { own, shared, quoted, other }) => {
      const document = { id: 'x', uri: 'x.md', title: 'x', text: `${own}\n${shared}` };
      const text = new ForgottenText(document);
      text.exclude(`${shared}\n${other}`);
      // In the middle of a clause, as in the report of somebody who goes on in the same breath.
      const clause = shared.slice(0, 4);
      expect(text.without(`${clause}${quoted}${clause}`)).toBe(`${clause}${removedMark}${clause}`);
      expect(text.without(`“${quoted}”`)).toBe(`“${removedMark}”`);
      for (const left of [shared, other, quoted.slice(0, 5)]) expect(text.without(left)).toBe(left);
      const probes = text.probes().map(String);
      expect(probes.length).toBeGreaterThan(1);
      for (const probe of probes) expect(own).toContain(probe);
      expect(probes.some((probe) => quoted.includes(probe))).toBe(true);
    },
  );

  test('no twelve characters of it in a row survive, wherever they are put', () => {
    const { own } = texts.Chinese;
    const characters = own.match(/\p{L}/gu)!;
    const text = new ForgottenText({ id: 'x', uri: 'x.md', title: 'x', text: own });
    const part = fc.oneof(
      fc.constantFrom('和', 'zinc', '…', '\n'),
      fc
        .tuple(fc.nat(characters.length - 1), fc.integer({ min: 1, max: 24 }))
        .map(([from, length]) => characters.slice(from, from + length).join('')),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const left = text.without(parts.join(''));
        expect(text.isIn(left)).toBe(false);
        for (let i = 0; i + 12 <= characters.length; i++)
          expect(left).not.toContain(characters.slice(i, i + 12).join(''));
      }),
    );
  });

  test('a document that is shorter than a run is found whole', () => {
    const text = new ForgottenText({ id: 'x', uri: 'x.md', title: 'x', text: '石英钥匙在阿玛拉' });
    expect(text.without('他说石英钥匙在阿玛拉手里')).toBe(`他说${removedMark}手里`);
    expect(text.probes().map(String)).toEqual(['石英钥匙在阿玛拉']);
  });
});

test('accents and vowel signs belong to their words', () => {
  const hindi = 'हॉल सात का रिएक्टर क्वार्ट्ज़ चाबी से बंद किया जाता है';
  const text = new ForgottenText({ id: 'x', uri: 'x.md', title: 'x', text: hindi });
  expect(text.isIn(hindi.split(' ').slice(0, 5).join(' '))).toBe(false);
  expect(text.isIn(hindi.split(' ').slice(2, 8).join(' '))).toBe(true);
});
