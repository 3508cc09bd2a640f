const byExtension: Record<string, string> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  mdown: 'text/markdown',
  mkd: 'text/markdown',
  txt: 'text/plain',
  text: 'text/plain',
  htm: 'text/html',
  html: 'text/html',
  xhtml: 'text/html',
  pdf: 'application/pdf',
};

/** File name extensions that Tandem reads, without the dot. */
export const readableExtensions: readonly string[] = Object.keys(byExtension);

/** The media type that a file name or URL promises by its extension; undefined where Tandem does not read it. */
export function mediaTypeOf(uri: string): string | undefined {
  const name = uri.replace(/[?#].*$/s, '');
  const extension = /\.([^./\\]+)$/.exec(name)?.[1];
  return extension === undefined ? undefined : byExtension[extension.toLowerCase()];
}
