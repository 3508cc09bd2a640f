import type { JSONSchema7, JSONSchema7Definition } from '@ai-sdk/provider';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { citedString } from './citation-grammar.ts';

/**
 * A GBNF grammar (llama.cpp's form of BNF) that accepts exactly the JSON texts of a schema, on one line, with at most one
 * space after `:` and `,`. Properties come in the schema's order; one that is not required may be left out. Objects
 * without `properties` and schemas without constraints accept any JSON.
 *
 * Understood: type (also a list), properties, required, items, minItems, maxItems, enum, const, anyOf, oneOf, $ref to
 * $defs or definitions, minLength, maxLength. `ignored` lists keywords that a grammar does not enforce here (pattern,
 * format, minimum …): the caller says so. With `citations` the string at that dotted path cites `sources` numbered sources and no
 * others. Throws InvalidInputError for a reference to nowhere and for `allOf` and `not`.
 */
export function jsonGrammar(
  schema: JSONSchema7,
  citations?: { field: string; sources: number },
): { grammar: string; ignored: string[] } {
  const { root, rules, ignored } = jsonRules(schema, { ...(citations && { citations }) });
  return { grammar: grammarText(root, [...Object.entries(jsonPrimitives), ...rules]), ignored };
}

/** GBNF's text of named rules, beginning at `root`. */
export function grammarText(root: string, rules: Iterable<readonly [name: string, body: string]>): string {
  const lines = [`root ::= ${root}`, ...[...rules].map(([name, body]) => `${name} ::= ${body}`)];
  return `${lines.join('\n')}\n`;
}

/**
 * The rules of `jsonGrammar`, to be put beside others with `jsonPrimitives`: `root` is what stands for the schema, and the names of its own
 * rules begin with `prefix`.
 */
export function jsonRules(
  schema: JSONSchema7,
  { prefix = '', citations }: { prefix?: string; citations?: { field: string; sources: number } } = {},
): { root: string; rules: Map<string, string>; ignored: string[] } {
  const citing = citations && `#${citations.field.replace(/^|\./g, '/properties/')}`;
  const rules = new Map<string, string>();
  const ignored = new Set<string>();
  const references = new Map<string, string>();
  let count = 0;

  const rule = (body: string): string => {
    const name = `${prefix}r${count++}`;
    rules.set(name, body);
    return name;
  };

  function visit(definition: JSONSchema7Definition, path: string): string {
    if (definition === true) return 'value';
    if (definition === false) throw unsupported(path, 'false');
    for (const keyword of Object.keys(definition)) {
      if (keyword === 'allOf' || keyword === 'not' || keyword === 'if') throw unsupported(path, keyword);
      if (!understood.has(keyword) && !annotations.has(keyword)) ignored.add(keyword);
    }
    if (definition.$ref !== undefined) return reference(definition.$ref, path);
    if (definition.const !== undefined) return literal(definition.const);
    if (definition.enum !== undefined) return rule(definition.enum.map(literal).join(' | '));
    const alternatives: JSONSchema7Definition[] | undefined = definition.anyOf ?? definition.oneOf;
    if (alternatives !== undefined) {
      return rule(alternatives.map((one, index) => visit(one, `${path}/${index}`)).join(' | '));
    }
    const type = definition.type ?? (definition.properties !== undefined ? 'object' : undefined);
    if (type === undefined) return 'value';
    if (Array.isArray(type)) {
      return rule(type.map((one) => visit({ ...definition, type: one }, path)).join(' | '));
    }
    switch (type) {
      case 'object':
        return definition.properties === undefined ? 'object' : object(definition, path);
      case 'array':
        return array(definition, path);
      case 'string':
        if (path === citing) return cited(definition);
        return definition.minLength === undefined && definition.maxLength === undefined
          ? 'string'
          : rule(`"\\"" char${repetition(definition.minLength ?? 0, definition.maxLength)} "\\""`);
      default:
        return type;
    }
  }

  function cited(definition: JSONSchema7): string {
    for (const [name, body] of Object.entries(citedString(citations!.sources, definition)))
      rules.set(name, body);
    return 'cited';
  }

  function object(definition: JSONSchema7, path: string): string {
    const required = new Set(definition.required ?? []);
    const members = Object.entries(definition.properties ?? {}).map(([name, value]) => ({
      body: `${literal(name)} ":" space ${visit(value, `${path}/properties/${name}`)}`,
      required: required.has(name),
    }));
    // `after`: the members that remain once something is written before them; `first`: while nothing is yet.
    let after = '""';
    let first = '""';
    for (const member of members.toReversed()) {
      const name = rule(member.body);
      first = rule(member.required ? `${name} ${after}` : `${name} ${after} | ${first}`);
      after = rule(member.required ? `"," space ${name} ${after}` : `("," space ${name})? ${after}`);
    }
    return rule(`"{" ${first} "}"`);
  }

  function array(definition: JSONSchema7, path: string): string {
    if (Array.isArray(definition.items)) throw unsupported(path, 'items as a list');
    const item = visit(definition.items ?? true, `${path}/items`);
    const minimum = definition.minItems ?? 0;
    const maximum = definition.maxItems;
    if (maximum === 0) return rule('"[]"');
    const more = repetition(Math.max(0, minimum - 1), maximum === undefined ? undefined : maximum - 1);
    const items = `${item} ("," space ${item})${more}`;
    return rule(minimum === 0 ? `"[" (${items})? "]"` : `"[" ${items} "]"`);
  }

  function reference(target: string, path: string): string {
    const known = references.get(target);
    if (known !== undefined) return known;
    let found: unknown = schema;
    for (const part of target.replace(/^#\/?/, '').split('/')) {
      found = part === '' ? found : (found as Record<string, unknown> | undefined)?.[part];
    }
    if (!target.startsWith('#') || found === undefined) throw unsupported(path, `$ref to ${target}`);
    const name = `${prefix}ref${references.size}`;
    references.set(target, name); // before the visit, so that a recursive schema ends
    rules.set(name, visit(found as JSONSchema7Definition, target));
    return name;
  }

  const root = visit(schema, '#');
  return { root, rules, ignored: [...ignored] };
}

/** Rules that those of a schema refer to. */
export const jsonPrimitives = {
  space: '[ ]?',
  char: '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})',
  string: '"\\"" char* "\\""',
  integer: '"-"? ("0" | [1-9] [0-9]{0,15})',
  number: 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?',
  boolean: '"true" | "false"',
  null: '"null"',
  value: 'object | array | string | number | boolean | null',
  object: '"{" (string ":" space value ("," space string ":" space value)*)? "}"',
  array: '"[" (value ("," space value)*)? "]"',
};

const understood = new Set(
  'type properties required items minItems maxItems enum const anyOf oneOf $ref minLength maxLength'.split(
    ' ',
  ),
);
/** Keywords that constrain nothing, and `additionalProperties`: what `properties` does not name is never written. */
const annotations = new Set(
  'title description default examples $schema $id $defs definitions $comment additionalProperties'.split(' '),
);

const repetition = (minimum: number, maximum: number | undefined) => `{${minimum},${maximum ?? ''}}`;

/** A JSON value as a GBNF string. */
function literal(value: unknown): string {
  return gbnfString(JSON.stringify(value));
}

/** A text as a GBNF string, which stands for itself. */
export function gbnfString(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

function unsupported(path: string, what: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    where: path,
    message: `The output schema uses ${what} at ${path}, which cannot be turned into a grammar.`,
    hint: 'Write it with type, properties, items, enum, const, anyOf and $ref.',
  });
}
