import { type CallForm, type CallFrame, type HeadMatch, isWhole, matchHead } from './call-form.ts';

/** A call in a reply. */
export interface ReadCall {
  toolName: string;
  /** The arguments as they are written so far: a JSON object, if `whole`. */
  input: string;
  whole: boolean;
}

/** A reply as text and the calls that follow it. */
export interface ReadReply {
  /** Up to where it is certainly text, in UTF-16 units: neither a call nor what may become one. */
  textEnd: number;
  calls: ReadCall[];
  /** Where a call has certainly begun, and how it is written. */
  begun?: { at: number; frame: CallFrame };
}

/**
 * Reads the calls to `toolNames` in a reply, or in its beginning. What stands before the first call is text; what stands behind the last
 * is left out. What is not a call to the end stays text: another tool's name, arguments that are no JSON object. With `ended` nothing
 * more comes, and what might have become a call is text. Before `from` there is no call.
 */
export function readReply(
  text: string,
  form: CallForm,
  toolNames: readonly string[],
  { ended = false, from = 0 }: { ended?: boolean; from?: number } = {},
): ReadReply {
  for (let at = from; at < text.length; at++) {
    for (const frame of form.frames) {
      if (frame.atLineStart && !startsLine(text, at)) continue;
      const found = headAt(text, at, frame, toolNames, true);
      if (found === undefined) continue;
      if (found.match.passed < frame.certainAfter && !isWhole(found.match)) {
        if (ended) continue;
        return { textEnd: at, calls: [] };
      }
      const calls = callsFrom(text, at, frame, toolNames);
      if (calls === undefined) continue;
      if (ended && calls.length === 0) continue;
      return { textEnd: at, calls, begun: { at, frame } };
    }
  }
  return { textEnd: text.length, calls: [] };
}

/** The calls from `start` on; nothing where the first one turns out to be none. */
function callsFrom(
  text: string,
  start: number,
  frame: CallFrame,
  toolNames: readonly string[],
): ReadCall[] | undefined {
  const calls: ReadCall[] = [];
  for (let at = start; ; ) {
    const found = headAt(text, at, frame, toolNames, calls.length === 0);
    if (found === undefined) return calls;
    if (!isWhole(found.match) || found.toolName === undefined) return calls;
    const { toolName } = found;
    const begin = found.match.end;
    if (begin === text.length) return calls;
    const end = objectEnd(text, begin);
    if (end === 'none') return calls.length > 0 ? calls : undefined;
    if (end === 'open') {
      calls.push({ toolName, input: text.slice(begin), whole: false });
      return calls;
    }
    const input = text.slice(begin, end);
    if (!isJson(input)) return calls.length > 0 ? calls : undefined;
    calls.push({ toolName, input, whole: true });
    frame.tail.pattern.lastIndex = end;
    const tail = frame.tail.pattern.exec(text);
    if (tail === null || frame.between === undefined) return calls;
    at = end + tail[0].length;
    at += /^[\s,]*/.exec(text.slice(at))?.[0].length ?? 0;
    if (at >= text.length) return calls;
  }
}

interface FoundHead {
  match: HeadMatch;
  /** Whose head is whole; nothing while several tools' heads may follow. */
  toolName: string | undefined;
}

function headAt(
  text: string,
  at: number,
  frame: CallFrame,
  toolNames: readonly string[],
  first: boolean,
): FoundHead | undefined {
  let best: FoundHead | undefined;
  for (const toolName of toolNames) {
    const match = matchHead(frame.head(toolName, first), text, at);
    if (match === undefined) continue;
    if (isWhole(match)) return { match, toolName };
    if (best === undefined || match.passed > best.match.passed) best = { match, toolName: undefined };
  }
  return best;
}

function startsLine(text: string, at: number): boolean {
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, at).trim() === '';
}

/** Behind the JSON object that begins at `from`; `open` where its end is missing. */
function objectEnd(text: string, from: number): number | 'open' | 'none' {
  if (text[from] !== '{') return 'none';
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return 'open';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
