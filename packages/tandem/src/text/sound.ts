/** Spellings of one sound made equal; after what English writers mix up (Metaphone's idea, far coarser). For a–z. */
export function soundOf(word: string): string {
  return word
    .replace(/^p(?=[snt])/, '')
    .replace(/ph/g, 'f')
    .replace(/sch/g, 'sk')
    .replace(/ch/g, 'k')
    .replace(/([rtgcz])h|h(?=[bcdfgklmnpqrstvz])/g, '$1')
    .replace(/c(?=[eiy])|z/g, 's')
    .replace(/[cq]u?(?![eiy])/g, 'k')
    .replace(/x/g, 'ks')
    .replace(/[ao]e|ei|ie|ea|ee/g, 'e')
    .replace(/ou|oo/g, 'u')
    .replace(/y/g, 'i')
    .replace(/(.)\1+/g, '$1');
}
