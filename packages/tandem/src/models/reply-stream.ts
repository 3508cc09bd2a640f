import type { LanguageModelV4Content, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { ReplyEvent } from './tool-calls/reply-events.ts';

/** A tool call as the AI SDK has it: `input` is JSON as text. */
export type CallPart = Extract<LanguageModelV4Content, { type: 'tool-call' }>;

/** What a reply turns out to be, as it becomes certain. */
export type PartOfReply = Exclude<ReplyEvent, { type: 'call' }> | { type: 'call'; call: CallPart };

/** A reply as the AI SDK's parts of a stream: one text at most, then calls one after another. */
export function streamParts(enqueue: (part: LanguageModelV4StreamPart) => void) {
  const id = '0';
  let text: 'none' | 'open' | 'closed' = 'none';
  /** The id of a call whose arguments are not complete. */
  let open: string | undefined;
  const beginText = () => {
    if (text === 'none') enqueue({ type: 'text-start', id });
    text = 'open';
  };
  const endText = () => {
    if (text === 'open') enqueue({ type: 'text-end', id });
    text = 'closed';
  };
  const endInput = () => {
    if (open !== undefined) enqueue({ type: 'tool-input-end', id: open });
    open = undefined;
  };
  return {
    beginText,
    add(part: PartOfReply, callId: string) {
      switch (part.type) {
        case 'text':
          beginText();
          enqueue({ type: 'text-delta', id, delta: part.delta });
          break;
        case 'call-begin':
          endText();
          open = callId;
          enqueue({ type: 'tool-input-start', id: callId, toolName: part.toolName });
          break;
        case 'call-input':
          enqueue({ type: 'tool-input-delta', id: callId, delta: part.delta });
          break;
        case 'call':
          endInput();
          enqueue(part.call);
          break;
      }
    },
    end() {
      endInput();
      endText();
    },
  };
}
