import fc from 'fast-check';
import * as mongodb from 'mongodb';
import { expect, test } from 'vitest';
import { keysWithText, keyText } from './key-text.ts';

const bytes = (size: object) => fc.uint8Array(size).map((array) => Buffer.from(array));
const keys: Record<string, fc.Arbitrary<unknown>> = {
  text: fc.string(),
  ObjectId: bytes({ minLength: 12, maxLength: 12 }).map((id) => new mongodb.ObjectId(id)),
  UUID: fc.uuid().map((id) => new mongodb.UUID(id)),
  bytes: bytes({ maxLength: 30 }).map((value) => new mongodb.Binary(value)),
  numbers: fc
    .oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
    .filter((n) => !Object.is(n, -0)),
  longs: fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }).map((n) => mongodb.Long.fromBigInt(n)),
  dates: fc.date({ noInvalidDate: true }),
};

test.each(Object.keys(keys))('a key of type %s is found again by its text', (type) => {
  const asStored = (key: unknown) => mongodb.BSON.serialize({ key }).toString();
  fc.assert(
    fc.property(keys[type]!, (key) => {
      expect(keysWithText(keyText(key), mongodb).map(asStored)).toContain(asStored(key));
    }),
  );
});
