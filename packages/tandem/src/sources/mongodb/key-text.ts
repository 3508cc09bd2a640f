import type * as Bson from 'mongodb';
import { textOf } from '../records/template.ts';

/** A key as text, for a uri: an ObjectId as hex digits, a date as ISO 8601, bytes as `0x…`, a UUID as one. */
export function keyText(value: unknown): string {
  if ((value as { _bsontype?: string })._bsontype === 'Binary') {
    const binary = value as Bson.Binary;
    // Subtype 4 is a UUID (BSON specification).
    return binary.sub_type === 4 && binary.length() === 16
      ? binary.toUUID().toString()
      : `0x${Buffer.from(binary.value()).toString('hex')}`;
  }
  return textOf(value);
}

/** All values that have this text: it does not say of which type they are. */
export function keysWithText(text: string, { Binary, Long, ObjectId, UUID }: typeof Bson): unknown[] {
  const keys: unknown[] = [text];
  if (/^[\da-f]{24}$/.test(text)) keys.push(new ObjectId(text));
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(text)) keys.push(new UUID(text));
  if (/^0x(?:[\da-f]{2})*$/.test(text)) keys.push(new Binary(Buffer.from(text.slice(2), 'hex')));
  if (text !== '' && String(Number(text)) === text) keys.push(Number(text));
  if (/^-?\d{16,19}$/.test(text)) keys.push(Long.fromString(text));
  if (/^[+-]?\d{4,6}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))) keys.push(new Date(text));
  return keys;
}
