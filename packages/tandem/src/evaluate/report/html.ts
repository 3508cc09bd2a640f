/** Text that is HTML already. Made only by `html` and `raw`, so that everything else is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Html | string | number | undefined | false | readonly Content[];

/** Template for HTML: every interpolated value is escaped unless it is `Html`; lists are joined; undefined and false vanish. */
export function html(parts: TemplateStringsArray, ...values: Content[]): Html {
  let text = parts[0]!;
  values.forEach((value, i) => {
    text += render(value) + parts[i + 1]!;
  });
  return new Html(text);
}

/** For our own constant style sheet and script; never for anything that came from outside. */
export function raw(text: string): Html {
  return new Html(text);
}

/** Safe in element content and in quoted attributes. Control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"']/gu, (character) => entities[character]!)
    .replace(/[^\P{Cc}\t\n\r]/gu, '\ufffd');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(value: Content): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map((item: Content) => render(item)).join('');
  return escapeHtml(String(value));
}
