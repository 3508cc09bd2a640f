/** What stands before a call's arguments: fixed texts, and between them white space that may be left out, written as `space`. */
export type HeadPart = string | { space: string };

/** One way of writing a call: what stands before its arguments (a JSON object), behind them, and between two calls. */
export interface CallFrame {
  /** `first`: whether the call is the first of the reply. */
  head(toolName: string, first: boolean): HeadPart[];
  /** How many parts of the head must be written until it is certain that a call has begun. */
  certainAfter: number;
  /** Only where nothing but white space stands before it on its line: where it begins like other text. */
  atLineStart: boolean;
  /** Behind the arguments, as a pattern (sticky) to read and as GBNF to write, in which `gap` is white space that may be there. */
  tail: { pattern: RegExp; grammar: string };
  /** Between two calls, as GBNF; nothing where one reply has one call only. */
  between?: string;
  /** Behind the last call. */
  end?: { pattern: RegExp; grammar: string };
}

/**
 * How a family of models writes tool calls. The first frame is the form that its templates document; the others are what such models
 * write as well, and are read but never asked for.
 */
export interface CallForm {
  name: 'hermes' | 'llama3' | 'mistral' | 'mistral-args';
  frames: readonly [CallFrame, ...CallFrame[]];
  /** Texts that may be special tokens of the model, which are otherwise left out of a reply. */
  markers: readonly string[];
}

/** `{"name": "…", "KEY": ` */
function objectHead(toolName: string, key: string): HeadPart[] {
  const [gap, space] = [{ space: '' }, { space: ' ' }];
  const name = JSON.stringify(toolName);
  return ['{', gap, '"name"', gap, ':', space, name, gap, ',', space, `"${key}"`, gap, ':', space];
}
/** Parts of `objectHead` up to the name, whole: an object that begins so is no answer of another kind. */
const untilName = 7;

function objectFrame(key: string, open: string, close: string): CallFrame {
  const escaped = close.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return {
    head: (toolName) => [...(open === '' ? [] : [open, { space: '\n' }]), ...objectHead(toolName, key)],
    certainAfter: untilName + (open === '' ? 0 : 2),
    atLineStart: true,
    tail: {
      pattern: new RegExp(`\\s*\\}${close === '' ? '' : `\\s*${escaped}`}`, 'y'),
      grammar: close === '' ? 'gap "}"' : `gap "}" gap "${close}"`,
    },
    between: '"\\n"',
  };
}

/**
 * `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, one after another. Documented by the templates of Hermes 2 Pro
 * (NousResearch/Hermes-Function-Calling), Qwen2.5 and Qwen3. Small Qwen2.5 Coder models write the object alone, in a code block or
 * between other tags, which llama.cpp reads too (`common/chat.cpp`).
 */
export const hermesForm: CallForm = {
  name: 'hermes',
  frames: [
    {
      ...objectFrame('arguments', '<tool_call>', '</tool_call>'),
      certainAfter: 1,
      atLineStart: false,
    },
    objectFrame('arguments', '', ''),
    objectFrame('arguments', '```json', '```'),
    objectFrame('arguments', '```', '```'),
    objectFrame('arguments', '<tools>', '</tools>'),
  ],
  markers: ['<tool_call>', '</tool_call>'],
};

/**
 * `{"name": …, "parameters": {…}}`, one in a reply. Documented by the templates of Llama 3.1, 3.2 and 3.3
 * (meta-llama/Llama-3.1-8B-Instruct, `tokenizer_config.json`). Llama's built-in tools (`<|python_tag|>`) are not used.
 */
export const llama3Form: CallForm = {
  name: 'llama3',
  frames: [withoutNext(objectFrame('parameters', '', '')), withoutNext(objectFrame('arguments', '', ''))],
  markers: [],
};

function withoutNext({ between: _, ...frame }: CallFrame): CallFrame {
  return frame;
}

const mistralEnd = { pattern: /\s*\]/y, grammar: '"]"' };

/**
 * `[TOOL_CALLS][{"name": …, "arguments": {…}}, …]`, where a call may end with the id that its result is told by. Documented by the
 * templates of Mistral 7B v0.3, Nemo and Small 3.1 (mistralai/Mistral-Nemo-Instruct-2407, `tokenizer_config.json`).
 */
export const mistralForm: CallForm = {
  name: 'mistral',
  frames: [
    {
      head: (toolName, first) => [
        ...(first ? ['[TOOL_CALLS]', { space: '' }, '[', { space: '' }] : []),
        ...objectHead(toolName, 'arguments'),
      ],
      certainAfter: 1,
      atLineStart: false,
      tail: {
        pattern: /\s*(?:,\s*"id"\s*:\s*"[^"]*"\s*)?\}/y,
        grammar: '(", \\"id\\": \\"" [a-zA-Z0-9]{9} "\\"")? "}"',
      },
      between: '", "',
      end: mistralEnd,
    },
  ],
  markers: ['[TOOL_CALLS]'],
};

/** `[TOOL_CALLS]NAME[ARGS]{…}`, one after another. Documented by the templates of Mistral's models from 2025 on (Magistral, Devstral). */
export const mistralArgsForm: CallForm = {
  name: 'mistral-args',
  frames: [
    {
      head: (toolName) => ['[TOOL_CALLS]', toolName, '[ARGS]'],
      certainAfter: 1,
      atLineStart: false,
      tail: { pattern: /(?:)/y, grammar: '""' },
      between: '""',
    },
  ],
  markers: ['[TOOL_CALLS]', '[ARGS]'],
};

export const callForms: readonly CallForm[] = [hermesForm, llama3Form, mistralForm, mistralArgsForm];

/** How far a text follows a head. */
export interface HeadMatch {
  /** Where the text stops following it: its end, unless the head is whole. */
  end: number;
  /** Parts that are written in full. */
  passed: number;
  /** What is still to be written. */
  left: HeadPart[];
}

/** Follows `text` from `from` along the head, to the end of either; nothing where they part. */
export function matchHead(head: readonly HeadPart[], text: string, from: number): HeadMatch | undefined {
  let at = from;
  for (const [index, part] of head.entries()) {
    if (typeof part !== 'string') {
      while (/\s/.test(text[at] ?? '')) at += 1;
      continue;
    }
    const written = text.slice(at, at + part.length);
    if (!part.startsWith(written)) return undefined;
    if (written.length === part.length) {
      at += part.length;
      continue;
    }
    const before = head[index - 1];
    const spaceOpen = before !== undefined && typeof before !== 'string' && !/\s/.test(text[at - 1] ?? '');
    const left = [part.slice(written.length), ...head.slice(index + 1)];
    const unwritten = written === '' && spaceOpen;
    return { end: text.length, passed: index, left: unwritten ? [before, ...left] : left };
  }
  const last = head.at(-1);
  const open = last !== undefined && typeof last !== 'string' && at === text.length && !/\s$/.test(text);
  return { end: at, passed: head.length, left: open ? [last] : [] };
}

/** Whether what is left of a head is at most white space. */
export function isWhole({ left }: HeadMatch): boolean {
  return left.every((part) => typeof part !== 'string');
}

/** A call as its form documents it: the head's text with the white space that is usual. */
export function headText(head: readonly HeadPart[]): string {
  return head.map((part) => (typeof part === 'string' ? part : part.space)).join('');
}
