import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { ApiError } from './api-error.ts';

/** A form that came with one file. */
export interface ReceivedForm {
  /** The other members, those written as `name[member]` as objects. */
  fields: Record<string, unknown>;
  /** The name that the client gave it, without folders. */
  filename: string;
  /** How many bytes now lie in the file. */
  bytes: number;
}

/** Where the file of a form goes, and how large it may be. */
export interface ReceiveOptions {
  /** The member that is the file. */
  member: string;
  /** Where its bytes are written and flushed; nothing is there before. Left behind where this fails. */
  path: string;
  mostBytes: number;
}

/** Of all members together: names and short values. */
const mostFields = { count: 20, bytes: 16_384 };
/** What a form needs beside its file. */
const overhead = 64 * 2 ** 10;

/**
 * Reads a multipart form, its file straight to disk: never more than a few kilobytes of it are in memory.
 * @throws ApiError 400 for a form that cannot be read, that lacks its file or has another one; 413 for one that is too large; 415 for
 * another kind of body
 */
export async function receiveForm(
  request: Request,
  { member, path, mostBytes }: ReceiveOptions,
): Promise<ReceivedForm> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\b/i.test(type))
    throw new ApiError(415, `Send a form with the member "${member}": multipart/form-data.`, {
      code: 'unsupported_media_type',
    });
  const tooLarge = new ApiError(413, `"${member}" is larger than ${mostBytes} bytes.`, {
    param: member,
    code: 'file_too_large',
  });
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes + overhead) throw tooLarge;
  if (!request.body) throw lacking(member);
  const parser = parserFor(type, member, mostBytes);
  const fields: [string, string][] = [];
  let file: { filename: string | undefined; written: Promise<number> } | undefined;
  const givenUp = new AbortController();
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
  stopped.catch(() => {});
  parser.on('error', stop);
  parser.on('file', (name, stream, filename) => {
    // An error of the form is told by the parser; one without a listener would end the process.
    stream.on('error', () => {});
    if (name !== member || file) {
      stream.resume();
      stop(
        new ApiError(
          400,
          name === member ? `There are two files "${member}".` : `"${name}" is not known here, or no file.`,
          { param: name, code: 'unknown_parameter' },
        ),
      );
      return;
    }
    let bytes = 0;
    stream.on('limit', () => stop(tooLarge));
    stream.on('data', (piece: Buffer) => (bytes += piece.length));
    const written = pipeline(stream, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }), {
      signal: givenUp.signal,
    }).then(() => bytes);
    written.catch((error: Error) => stop(error));
    file = { filename, written };
  });
  parser.on('field', (name, value, nameTruncated, valueTruncated) => {
    if (nameTruncated || valueTruncated) stop(new ApiError(400, `"${name}" is too long.`, { param: name }));
    else fields.push([name, value]);
  });
  for (const limit of ['fieldsLimit', 'partsLimit', 'filesLimit'] as const)
    parser.on(limit, () => stop(new ApiError(400, 'The form has too many members.')));
  const body = request.body.getReader();
  try {
    await Promise.race([feed(parser, body), stopped]);
    if (!file) throw lacking(member);
    return {
      fields: nested(fields),
      // Forms write a quote in a name so (https://html.spec.whatwg.org/#multipart-form-data).
      filename: file.filename?.replaceAll('%22', '"') ?? member,
      bytes: await Promise.race([file.written, stopped]),
    };
  } catch (error) {
    body.cancel(error).catch(() => {});
    givenUp.abort();
    await file?.written.catch(() => {});
    throw told(error, request);
  }
}

/** Until the parser has read all of the form. It may stop to be fed when it fails: whoever waits for this waits for its errors, too. */
async function feed(parser: BusboyInstance, body: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const finished = new Promise<void>((resolve) => parser.once('finish', resolve));
  for (;;) {
    const { done, value } = await body.read();
    if (done) break;
    await new Promise<void>((resolve, reject) =>
      parser.write(value, (error) => (error ? reject(error) : resolve())),
    );
  }
  parser.end();
  await finished;
}

function parserFor(type: string, member: string, mostBytes: number): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': type },
      isPartAFile: (name, _type, filename) => name === member || filename !== undefined,
      limits: {
        fields: mostFields.count,
        fieldSize: mostFields.bytes,
        fieldNameSize: 200,
        files: 2,
        parts: mostFields.count + 2,
        fileSize: mostBytes,
        headerPairs: 20,
      },
    });
  } catch (cause) {
    throw new ApiError(400, 'The form cannot be read: its header names no boundary.', { cause });
  }
}

const lacking = (member: string) =>
  new ApiError(400, `The form has no file "${member}".`, {
    param: member,
    code: 'missing_required_parameter',
  });

/** What the disk says is the server's fault, what the parser says is the form's. */
function told(error: unknown, request: Request): unknown {
  if (error instanceof ApiError || (error as NodeJS.ErrnoException).syscall !== undefined) return error;
  if (request.signal.aborted)
    return new ApiError(400, 'The request ended before the file did.', { cause: error });
  return new ApiError(400, `The form cannot be read: ${(error as Error).message.replace(/\.$/, '')}.`, {
    cause: error,
  });
}

/** `expires_after[seconds]`, or `expires_after` as JSON, as one object. */
function nested(fields: readonly [string, string][]): Record<string, unknown> {
  const members: Record<string, unknown> = Object.create(null);
  for (const [name, value] of fields) {
    const [, outer, inner] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name) ?? [];
    const key = outer ?? name;
    const before = members[key];
    if (inner === undefined ? before !== undefined : before !== undefined && typeof before !== 'object')
      throw new ApiError(400, `"${key}" is given twice.`, { param: key });
    if (inner === undefined) members[key] = value.startsWith('{') ? parsed(value) : value;
    else members[key] = { ...(before as object), [inner]: value };
  }
  return members;
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
