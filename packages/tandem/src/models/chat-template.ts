import { Template } from '@huggingface/jinja';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';
import type { ChatMessage } from '../core/types/example.ts';
import type { TokenSpan } from './local-tools.ts';
import type { TemplateMessage, TemplateTool } from './tool-calls/template-message.ts';

/** What a chat template needs of the model's vocabulary. */
export interface TemplateVocabulary {
  /** Special tokens by their text: those the template may write and a document must not. */
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly bosToken: number | null;
  readonly bosText: string;
  readonly eosText: string;
  /** The model expects its begin-of-sequence token in front, whether the template writes it or not. */
  readonly prependBos: boolean;
  isEndOfGeneration(token: number): boolean;
  /** Plain text to tokens; nothing in it is read as a special token. */
  encodeText(text: string): number[];
}

export interface ChatTemplate {
  /** SHA-256 of the template's text and the special tokens it is read with. */
  readonly hash: string;
  /**
   * See `LocalChatTools.renderPrompt`. Throws InvalidInputError when the template refuses the messages. Without `tools` the template is told of
   * none, which is not the same as an empty list.
   */
  render(messages: readonly TemplateMessage[], tools?: readonly TemplateTool[]): string;
  /** See `LocalChatTools.encodePrompt`. */
  encodePrompt(messages: readonly TemplateMessage[], tools?: readonly TemplateTool[]): number[];
  /** See `LocalChatTools.encodeChat`. */
  encodeChat(messages: readonly ChatMessage[]): { tokens: number[]; spans: TokenSpan[] };
}

/**
 * A model's own chat template (Jinja, from its GGUF), for serving and for training alike.
 *
 * A document that says `<|im_end|>` must not end the turn, so the text is not tokenised as one string: each message is
 * marked while the template runs, special tokens are read between the marks only, and the text between two special
 * tokens goes to the tokeniser in one piece, as llama.cpp would give it. A message without such text gets the same tokens
 * either way. Where the assistant begins to speak the text is cut too, since that is where generation begins.
 */
export function createChatTemplate(source: string, vocabulary: TemplateVocabulary): ChatTemplate {
  const jinja = new Template(source);
  const specials = [...vocabulary.specialTokens.keys()].sort((a, b) => b.length - a.length);
  const specialPattern =
    specials.length > 0
      ? new RegExp(specials.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'gu')
      : undefined;

  function run(
    messages: readonly TemplateMessage[],
    generate: boolean,
    tools?: readonly TemplateTool[],
  ): string {
    try {
      return jinja.render({
        messages: messages.map(templateFields),
        ...(tools && { tools }),
        add_generation_prompt: generate,
        bos_token: vocabulary.bosText,
        eos_token: vocabulary.eosText,
        // Llama 3's template writes today's date unless it is given one; a prompt must not change overnight.
        date_string: '26 Jul 2024',
      });
    } catch (cause) {
      throw new InvalidInputError({
        domain: 'models',
        message: `The model's chat template refuses these messages (roles ${messages.map(({ role }) => role).join(', ')}): ${(cause as Error).message}.`,
        hint: 'Alternate user and assistant messages, and put the system prompt first.',
        cause,
      });
    }
  }
  const endsWithAssistant = (messages: readonly TemplateMessage[]) => messages.at(-1)?.role === 'assistant';
  const render = (messages: readonly TemplateMessage[], tools?: readonly TemplateTool[]) =>
    run(messages, !endsWithAssistant(messages), tools);

  function encode(
    messages: readonly TemplateMessage[],
    tools?: readonly TemplateTool[],
  ): { tokens: number[]; spans: TokenSpan[] } {
    const plain = render(messages, tools);
    const { open, close } = unusedCharacters(source + JSON.stringify([messages, tools]));
    // Of tools a template may look at any text, at an empty one or a type: only what needs a mark has one.
    const markSpecial = (text: string) =>
      specials.some((special) => text.includes(special)) ? mark(text, open, close) : text;
    const marked = run(
      messages.map((message) => {
        const { role, content } = message;
        if ('tool_calls' in message)
          return {
            ...message,
            content: markSpecial(content),
            tool_calls: mapTexts(message.tool_calls, markSpecial),
          };
        if (role === 'tool') return { ...message, content: markSpecial(content) };
        return { role, content: mark(content, open, close) };
      }),
      !endsWithAssistant(messages),
      tools && mapTexts(tools, markSpecial),
    );
    if (marked.replaceAll(open, '').replaceAll(close, '') !== plain) {
      throw new InvalidInputError({
        domain: 'models',
        message:
          "The model's chat template rewrites the text of a message, so its special tokens cannot be told from the text's.",
        hint: 'Use a model whose template inserts messages as they are.',
      });
    }

    // Offsets in `plain` where an assistant message begins: where the prompt before it ends.
    const starts = new Set<number>();
    for (const [index, message] of messages.entries()) {
      if (message.role !== 'assistant') continue;
      const before = run(messages.slice(0, index), true, tools);
      if (plain.startsWith(before)) starts.add(before.length);
    }

    const tokens: number[] = [];
    const spans: TokenSpan[] = [];
    if (vocabulary.prependBos && vocabulary.bosToken !== null && !plain.startsWith(vocabulary.bosText)) {
      tokens.push(vocabulary.bosToken);
    }
    let buffer = '';
    let offset = 0;
    let labelStart: number | undefined;
    const flush = () => {
      if (buffer !== '') tokens.push(...vocabulary.encodeText(buffer));
      buffer = '';
    };
    /** Adds plain text, cutting where an assistant message begins. */
    const addText = (text: string) => {
      for (let rest = text; rest !== ''; ) {
        if (starts.delete(offset)) {
          flush();
          labelStart = tokens.length;
        }
        let length = rest.length;
        for (const start of starts) if (start > offset) length = Math.min(length, start - offset);
        buffer += rest.slice(0, length);
        rest = rest.slice(length);
        offset += length;
      }
    };
    const addSpecial = (text: string) => {
      if (starts.delete(offset)) {
        flush();
        labelStart = tokens.length;
      }
      flush();
      const token = vocabulary.specialTokens.get(text) as number;
      tokens.push(token);
      offset += text.length;
      if (labelStart !== undefined && vocabulary.isEndOfGeneration(token)) {
        spans.push({ start: labelStart, end: tokens.length });
        labelStart = undefined;
      }
    };
    for (const segment of segmentsOf(marked, open, close)) {
      if (segment.content || specialPattern === undefined) {
        addText(segment.text);
        continue;
      }
      let from = 0;
      for (const match of segment.text.matchAll(specialPattern)) {
        addText(segment.text.slice(from, match.index));
        addSpecial(match[0]);
        from = match.index + match[0].length;
      }
      addText(segment.text.slice(from));
    }
    flush();
    return { tokens, spans };
  }

  return {
    hash: sha256(
      JSON.stringify([
        source,
        vocabulary.bosText,
        vocabulary.eosText,
        vocabulary.prependBos,
        [...vocabulary.specialTokens].sort((a, b) => a[1] - b[1]),
      ]),
    ),
    render,
    encodePrompt: (messages, tools) => encode(messages, tools).tokens,
    encodeChat(messages) {
      const { tokens, spans } = encode(messages);
      const asked = messages.filter(({ role }) => role === 'assistant').length;
      if (spans.length !== asked) {
        throw new InvalidInputError({
          domain: 'models',
          message: `The model's chat template marks the end of ${spans.length} of ${asked} assistant messages, so it cannot be trained on.`,
          hint: 'Use one assistant message, last, or a model whose template ends each turn with a special token.',
        });
      }
      return { tokens: endsWithAssistant(messages) ? tokens.slice(0, spans.at(-1)?.end) : tokens, spans };
    },
  };
}

/** What templates ask of a message; a key that is there without a value is asked for by some (`'tool_calls' in message`). */
function templateFields(message: TemplateMessage): TemplateMessage {
  const { role, content } = message;
  if ('tool_calls' in message) return { role: 'assistant', content, tool_calls: message.tool_calls };
  if (role === 'tool') return { role, content, tool_call_id: message.tool_call_id, name: message.name };
  return { role, content };
}

/** The value with another text in place of each one in it, keys too. */
function mapTexts<Value>(value: Value, replace: (text: string) => string): Value {
  if (typeof value === 'string') return replace(value) as Value;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, replace)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [replace(key), mapTexts(item, replace)]),
  ) as Value;
}

/** Marks go inside leading and trailing white space, so that a template that trims messages still does. */
function mark(content: string, open: string, close: string): string {
  const start = content.length - content.trimStart().length;
  const end = Math.max(start, content.trimEnd().length);
  return content.slice(0, start) + open + content.slice(start, end) + close + content.slice(end);
}

function segmentsOf(marked: string, open: string, close: string): { text: string; content: boolean }[] {
  const segments: { text: string; content: boolean }[] = [];
  let content = false;
  let from = 0;
  for (let index = 0; index <= marked.length; index++) {
    const character = marked[index];
    if (index < marked.length && character !== open && character !== close) continue;
    segments.push({ text: marked.slice(from, index), content });
    content = character === open;
    from = index + 1;
  }
  return segments;
}

/** Two private-use characters that occur in none of the texts. */
function unusedCharacters(text: string): { open: string; close: string } {
  const free: string[] = [];
  for (let code = 0xe000; free.length < 2; code++) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) free.push(character);
  }
  return { open: free[0] as string, close: free[1] as string };
}
