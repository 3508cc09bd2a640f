import type { Forgetting } from '../catalog/catalog.ts';
import type { Trace } from '../core/types/answer.ts';
import type { ForgetParts } from './forget-parts.ts';
import { type ForgottenText, removedMark } from './forgotten-text.ts';
import type { ForgetReport } from './report.ts';
import { hasSeen, withoutContent } from './seen-answers.ts';

/** Ratings are removed with their answers; a trace stays, and says that something was removed from it. */
export async function forgetInTraces(
  parts: ForgetParts,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<void> {
  const { catalog } = parts;
  for (const { traceId, better = '' } of await catalog.feedback.list()) {
    const trace = await catalog.traces.get(traceId);
    // Before the traces are changed: they tell which ratings are to be removed.
    if (!text.isIn(better) && trace && traceWithout(trace, document, text) === trace) continue;
    report.feedback.push(traceId);
    if (!report.dryRun) await catalog.feedback.remove(traceId);
  }
  for await (const trace of catalog.traces.all()) {
    const without = traceWithout(trace, document, text);
    if (without === trace) continue;
    report.traces.push(trace.id);
    if (!report.dryRun) await catalog.traces.put(without);
  }
}

/** The same object, not a copy, where the document has no part in it. */
function traceWithout(trace: Trace, document: Forgetting, text: ForgottenText): Trace {
  const isSeen = hasSeen(
    { passages: trace.passages, citations: trace.answer.citations, raw: trace.rawOutput },
    document,
    text,
  );
  if (!isSeen) return text.redacted(trace);
  const { raw: _raw, ...answer } = withoutContent({ ...trace.answer, raw: trace.rawOutput });
  // The messages are kept for training, which this answer is no longer good for.
  const { messages: _messages, ...rest } = trace;
  return text.redacted({
    ...rest,
    prompt: promptWithout(trace, document),
    rawOutput: removedMark,
    answer,
  });
}

/** The prompt has each passage word for word, as text or as JSON; where a passage cannot be found in it, the whole prompt is removed. */
function promptWithout({ prompt, passages }: Trace, { id, title }: Forgetting): string {
  let result = prompt;
  for (const { documentId, text, prefix = '' } of passages) {
    if (documentId !== id) continue;
    let found = false;
    // A title alone may be what was asked about.
    for (const piece of prefix === title ? [text] : [text, prefix])
      for (const written of new Set([piece, JSON.stringify(piece).slice(1, -1)])) {
        if (written === '' || !result.includes(written)) continue;
        found ||= piece === text;
        result = result.replaceAll(written, removedMark);
      }
    if (!found && prompt !== '') return removedMark;
  }
  return result;
}
