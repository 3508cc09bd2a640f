/**
 * Whether a file is what a program leaves beside documents: a lock of whoever has one open, an editor's swap or backup file, a
 * download that has not ended, a system's settings and pictures of a folder. None of them is a document, whatever its extension
 * says, and they come and go while somebody works: they are passed over as hidden files are.
 *
 * @param size in bytes, where it is known: a temporary file with nothing in it is none either
 */
export function isLeftover(name: string, size?: number): boolean {
  return leftovers.some((pattern) => pattern.test(name)) || (name.startsWith('~') && size === 0);
}

const leftovers = [
  // Word, Excel and PowerPoint keep the owner's name there while a document is open; LibreOffice with `#` at its end.
  /^~\$/,
  /^\.~lock\..*#$/,
  // Word's own drafts and recovered files.
  /^~WR[ADLFS]\d{4}\.(?:tmp|doc[xm]?|asd|wbk)$/i,
  // Vim's swap files; backup files of vi, Emacs, Kate, nano and gedit; Emacs' own drafts and locks.
  /\.sw[a-p]$/i,
  /~$/,
  /^#.*#$/,
  /^\.#/,
  /\.(?:bak|orig|rej|old|tmp|temp)$/i,
  // Browsers' downloads that have not ended.
  /\.(?:crdownload|part|partial|download)$/i,
  // Folders' settings and pictures of Windows and macOS.
  /^(?:thumbs|ehthumbs|ehthumbs_vista)\.db$/i,
  /^desktop\.ini$/i,
  /^(?:\.DS_Store|\._.*|Icon\r)$/,
];
