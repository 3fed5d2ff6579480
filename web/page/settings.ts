// What a reader chose for good: the language and light or dark, kept in this browser.

const LANGUAGES = ["en", "ko"];

export function language(): string {
  const asked = new URLSearchParams(location.search).get("lang") ?? kept("lang");
  if (asked && LANGUAGES.includes(asked)) return asked;
  const spoken = navigator.languages.map((each) => each.slice(0, 2)).find((each) => LANGUAGES.includes(each));
  return spoken ?? "en";
}

/** The theme that was chosen, put on the page; "" follows the system. */
export function theme(chosen: string = kept("theme") ?? ""): string {
  keep("theme", chosen);
  document.documentElement.dataset.theme = chosen;
  return chosen;
}

export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`vidcalc.${name}`, value);
  } catch {
    // a browser that keeps nothing is fine
  }
}

function kept(name: string): string | null {
  try {
    return localStorage.getItem(`vidcalc.${name}`);
  } catch {
    return null;
  }
}
