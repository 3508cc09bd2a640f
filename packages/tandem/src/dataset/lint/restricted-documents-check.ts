import { readRestricted } from '../restricted-documents.ts';
import type { Check } from './check.ts';

export const restrictedDocuments: Check = {
  name: 'restricted-documents',
  severity: 'error',
  finds:
    'examples made from documents that not everybody may read, which a trained model would tell everybody, unless it is to inherit their access labels (tune.inheritAccess)',
  async find({ items }, { documents, settings }) {
    if (!documents) return { notMade: 'there are no documents' };
    const restricted = await readRestricted(documents);
    if (restricted.isEmpty || settings.tune.inheritAccess) return [];
    return items
      .filter(({ split }) => split !== 'cases')
      .flatMap(({ where, documentIds, messages }) => {
        const named = documentIds.flatMap((documentId) => {
          const label = restricted.labelOf(documentId);
          return label === undefined ? [] : [{ documentId, label }];
        });
        const quoted = restricted.quotedIn(messages.map(({ text }) => text));
        const [source] = [...named, ...quoted];
        if (!source) return [];
        const verb = named.length > 0 ? 'is made from' : 'quotes';
        return [
          { where, message: `${verb} ${source.documentId}, which has the access label "${source.label}"` },
        ];
      });
  },
};
