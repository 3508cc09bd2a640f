const byExtension: Record<string, string> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  mdown: 'text/markdown',
  mkd: 'text/markdown',
  mdx: 'text/mdx',
  txt: 'text/plain',
  text: 'text/plain',
  htm: 'text/html',
  html: 'text/html',
  xhtml: 'text/html',
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  docm: 'application/vnd.ms-word.document.macroenabled.12',
  doc: 'application/msword',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  pptm: 'application/vnd.ms-powerpoint.presentation.macroenabled.12',
  ppsx: 'application/vnd.openxmlformats-officedocument.presentationml.slideshow',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xlsm: 'application/vnd.ms-excel.sheet.macroenabled.12',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
  jsonl: 'application/jsonl',
  ndjson: 'application/jsonl',
};

/** File name extensions that Tandem reads, without the dot. */
export const readableExtensions: readonly string[] = Object.keys(byExtension);

/**
 * The media type that a file name or URL promises by its extension; undefined where Tandem does not read it. A URL ends before `?` and `#`,
 * a file name may have both: "C# style guide.md".
 */
export function mediaTypeOf(uri: string): string | undefined {
  const name = /^https?:/i.test(uri) ? uri.replace(/[?#].*$/s, '') : uri;
  const extension = /\.([^./\\]+)$/.exec(name)?.[1];
  return extension === undefined ? undefined : byExtension[extension.toLowerCase()];
}
