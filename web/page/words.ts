// The page's words in the language in use: the catalogues of the calculator, by their English text.

let messages: Record<string, string> = {};

export function use(catalogue: Record<string, string>): void {
  messages = catalogue;
}

/** The text in the language in use, its {placeholders} filled. */
export function t(text: string, values: Record<string, string | number> = {}): string {
  return (messages[text] || text).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Marks a text that is looked up later. */
export function n(text: string): string {
  return text;
}
