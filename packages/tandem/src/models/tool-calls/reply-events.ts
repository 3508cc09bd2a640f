import type { CallForm, CallFrame } from './call-form.ts';
import { type ReadReply, readReply } from './read-reply.ts';

/** What a reply turns out to be, in its order; `index` numbers its calls. */
export type ReplyEvent =
  | { type: 'text'; delta: string }
  | { type: 'call-begin'; index: number; toolName: string }
  | { type: 'call-input'; index: number; delta: string }
  | { type: 'call'; index: number; toolName: string; input: string };

/** Reads a reply as it grows. */
export interface ReplyReader {
  /** `text` is the whole reply so far, of which the first `shown` UTF-16 units cannot be taken back any more. */
  push(text: string, shown: number): ReplyEvent[];
  /** The reply has ended. */
  end(text: string): ReplyEvent[];
  /** The first call, once one has begun: where, and how it is written. */
  readonly begun: { at: number; frame: CallFrame } | undefined;
  /** Calls that are whole. */
  readonly calls: number;
  /** The last call is an earlier one again, word for word. It is not given, nor is what follows it. */
  readonly repeats: boolean;
  /** What stands where a call was begun and not brought to its end; empty where there is no such. */
  unfinished(text: string): string;
}

/** All of it is text. */
export function textReader(): ReplyReader {
  let given = 0;
  const upTo = (text: string, end: number): ReplyEvent[] => {
    if (end <= given) return [];
    const delta = text.slice(given, end);
    given = end;
    return [{ type: 'text', delta }];
  };
  return {
    push: upTo,
    end: (text) => upTo(text, text.length),
    begun: undefined,
    calls: 0,
    repeats: false,
    unfinished: () => '',
  };
}

/**
 * Text, and then calls to `toolNames` in this form. What may become a call is kept back until it is clear that it does not, and white space
 * until something follows it: between text and a call it belongs to neither. A small model may write the same call over and over until its
 * tokens are spent: a call that has so far the words of an earlier one is kept back, and where it ends as that one, so does the reply.
 */
export function callReader(form: CallForm, toolNames: readonly string[]): ReplyReader {
  let given = 0;
  let from = 0;
  let whole = 0;
  let repeats = false;
  let begun: ReadReply['begun'];
  /** By call, how much of its arguments was given. */
  const inputs: number[] = [];

  function read(text: string, shown: number, ended: boolean): ReplyEvent[] {
    let reply = readReply(text, form, toolNames, { from });
    // What began like a call may still turn out to be none, unless its arguments have been given.
    if (inputs.length === 0) begun = reply.begun;
    if (ended && begun === undefined) reply = readReply(text, form, toolNames, { from, ended });
    from = begun?.at ?? reply.textEnd;
    const events: ReplyEvent[] = [];
    const ending = begun !== undefined || !ended;
    const certain = begun === undefined ? Math.min(reply.textEnd, shown) : begun.at;
    const textEnd = ending ? text.slice(0, certain).trimEnd().length : certain;
    if (textEnd > given) {
      events.push({ type: 'text', delta: text.slice(given, textEnd) });
      given = textEnd;
    }
    for (const [index, call] of reply.calls.entries()) {
      const { toolName, input } = call;
      const earlier = reply.calls.slice(0, index).filter((other) => other.toolName === toolName);
      if (call.whole) repeats ||= earlier.some((other) => other.input === input);
      if (repeats) break;
      if (!call.whole && index === inputs.length && earlier.some((other) => other.input.startsWith(input)))
        break;
      if (index === inputs.length) {
        inputs.push(0);
        events.push({ type: 'call-begin', index, toolName });
      }
      const already = inputs[index]!;
      if (input.length > already) {
        events.push({ type: 'call-input', index, delta: input.slice(already) });
        inputs[index] = input.length;
      }
      if (call.whole && index === whole) {
        whole += 1;
        events.push({ type: 'call', index, toolName, input });
      }
    }
    return events;
  }
  return {
    push: (text, shown) => read(text, shown, false),
    end: (text) => read(text, text.length, true),
    get begun() {
      return begun;
    },
    get calls() {
      return whole;
    },
    get repeats() {
      return repeats;
    },
    unfinished(text) {
      if (begun === undefined || (whole > 0 && whole === inputs.length)) return '';
      return text.slice(begun.at);
    },
  };
}
