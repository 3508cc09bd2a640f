import type { Forgetting } from '../catalog/catalog.ts';
import type { Trace } from '../core/types/answer.ts';
import type { Parts } from '../parts/parts.ts';
import { type ForgottenText, removedMark } from './forgotten-text.ts';
import type { ForgetReport } from './report.ts';
import { answerWithout, sawIt } from './seen-answers.ts';

/** Ratings go with the answers they were of; a trace stays, and says that something was removed. */
export async function forgetInTraces(
  parts: Parts,
  document: Forgetting,
  text: ForgottenText,
  report: ForgetReport,
): Promise<void> {
  const { catalog } = parts;
  for (const { traceId, better = '' } of await catalog.feedback.list()) {
    const trace = await catalog.traces.get(traceId);
    // Before the traces are changed: from them it is known which ratings go.
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

/** The trace itself where the document has no part in it. */
function traceWithout(trace: Trace, document: Forgetting, text: ForgottenText): Trace {
  const inSight = sawIt(
    { passages: trace.passages, citations: trace.answer.citations, raw: trace.rawOutput },
    document,
    text,
  );
  if (!inSight) return text.redacted(trace);
  const { raw: _raw, ...answer } = answerWithout({ ...trace.answer, raw: trace.rawOutput });
  // The messages are there to be learnt from, which is over.
  const { messages: _messages, ...rest } = trace;
  return text.redacted({
    ...rest,
    prompt: promptWithout(trace, document),
    rawOutput: removedMark,
    answer,
  });
}

/** The prompt has each passage word for word, as text or as JSON; where it cannot be found so, none of the prompt stays. */
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
