import { DamagedFile } from './damaged.ts';
import { childrenOf, parseXml, textOf, type XmlElement } from './xml.ts';
import { openZip } from './zip.ts';

/** A part's links to other parts: by id, and by the last word of their type ("styles", "slide"). */
export interface Relationship {
  id: string;
  type: string;
  /** Name of the part in the archive. */
  target: string;
}

/** An Open Packaging archive (ECMA-376 part 2): what docx, pptx and xlsx are. */
export interface OfficePackage {
  /** The part where reading begins: `word/document.xml` and the like. */
  main: string;
  bytes(part: string): Buffer | undefined;
  /** Undefined where there is no such part. */
  xml(part: string): XmlElement | undefined;
  relationships(part: string): Relationship[];
  /** Title, author and dates as the writing program keeps them. */
  properties(): Record<string, string>;
}

export function openPackage(bytes: Uint8Array): OfficePackage {
  const archive = openZip(bytes);
  // Part names are compared without case (ECMA-376 part 2, §6.2.2.3).
  const names = new Map(archive.names.map((name) => [name.toLowerCase(), name]));
  const read = (part: string) => archive.read(names.get(part.toLowerCase()) ?? part);
  const xml = (part: string) => {
    const content = read(part);
    return content && parseXml(content);
  };
  const relationships = (part: string): Relationship[] => {
    const folder = part.slice(0, part.lastIndexOf('/') + 1);
    const root = xml(`${folder}_rels/${part.slice(folder.length)}.rels`);
    return childrenOf(root, 'Relationship').flatMap(({ attributes: { Id, Type, Target, TargetMode } }) =>
      Id && Type && Target && TargetMode !== 'External'
        ? [{ id: Id, type: Type.slice(Type.lastIndexOf('/') + 1), target: resolvePart(folder, Target) }]
        : [],
    );
  };
  const top = relationships('');
  const main = top.find(({ type }) => type === 'officeDocument')?.target;
  if (main === undefined) throw new DamagedFile('it does not say which of its parts is the document');
  return {
    main,
    bytes: read,
    xml,
    relationships,
    properties() {
      const properties: Record<string, string> = {};
      const core = top.find(({ type }) => type === 'core-properties')?.target;
      for (const element of childrenOf(core === undefined ? undefined : xml(core))) {
        const name = kept[element.name];
        const value = textOf(element).replace(/\s+/g, ' ').trim();
        if (name !== undefined && value !== '') properties[name] = value;
      }
      return properties;
    },
  };
}

const kept: Record<string, string> = {
  title: 'pageTitle',
  creator: 'author',
  subject: 'subject',
  description: 'description',
  keywords: 'keywords',
  modified: 'modified',
};

function resolvePart(folder: string, target: string): string {
  if (target.startsWith('/')) return target.slice(1);
  const parts: string[] = [];
  for (const part of `${folder}${target}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
