/** A document's stated title, unless a program left its file name or a placeholder there. */
export function plausibleTitle(stated: string | undefined): string | undefined {
  if (stated === undefined || !/\p{L}{2,}.*\s.*\p{L}{2,}/u.test(stated)) return undefined;
  if (
    /^(?:untitled|microsoft word|slide \d|document\d|presentation|powerpoint|page \d)|\.\w{2,5}$/i.test(
      stated,
    )
  )
    return undefined;
  return stated;
}
