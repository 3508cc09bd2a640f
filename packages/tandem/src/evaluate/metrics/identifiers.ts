/** A name in code: letters, digits, `_` and `$`, perhaps behind dots or `new`, perhaps called. */
const inCode =
  /^(?:new\s+)?\.?(?:[\p{L}\p{N}_$]+\.)*([\p{L}_$][\p{L}\p{N}_$]*)\s*(?:<[\s\S]*>)?\s*(?:\([\s\S]*\)|`[\s\S]*`?)?;?$/u;
/** The same in running text, told by a capital within, an underscore within or what it is called with. */
const inText =
  /[\p{L}_$][\p{L}\p{N}_$]*(?=\()|[\p{L}_$]*\p{Ll}\p{Lu}[\p{L}\p{N}_$]*|[\p{L}\p{N}$]+(?:_[\p{L}\p{N}$]+)+/gu;

/**
 * The functions, classes, options and the like that a text names, without their decoration: `client.openGate(key)`, "openGate" and `open_gate` are all
 * "opengate". What a call is given is not named by it.
 */
export function identifiersIn(text: string): Set<string> {
  const found = new Set<string>();
  const rest = text.replace(/(`{1,2})(?!`)([\s\S]+?)\1(?!`)/g, (_span, _mark, code: string) => {
    const name = inCode.exec(code.trim())?.[1];
    if (name !== undefined) found.add(plainName(name));
    return ' ';
  });
  for (const [name] of rest.matchAll(inText)) found.add(plainName(name));
  found.delete('');
  return found;
}

/** Whether a text names it, as code or as a word. */
export function names(text: string, identifier: string): boolean {
  return text.split(/[^\p{L}\p{N}_$]+/u).some((word) => plainName(word) === identifier);
}

const plainName = (name: string) => name.replace(/[_$]/g, '').toLowerCase();
