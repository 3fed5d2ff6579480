// A question as the command line has it, and a change of the report's fields as one of the question.
import type { View } from "./view";
import { taken } from "./engine/form";
import type { Asked, Flag, Value } from "./types";

/** "vidcalc estimate --model wan2.1-t2v-14b --gpu h100", quoted for a shell. */
export function command(name: string, asked: Asked): string {
  const words = Object.entries(asked).flatMap(([flag, value]) => {
    const spelled = `--${flag.replaceAll("_", "-")}`;
    if (value === true) return [spelled];
    return (Array.isArray(value) ? value : [value]).flatMap((each) => [spelled, quoted(String(each))]);
  });
  return ["vidcalc", name, ...words].join(" ");
}

/** The question that a command line asks; `flags` are those of the command. */
export function asked(line: string, flags: Flag[] | undefined): Asked {
  const known = new Map((flags ?? []).flatMap((flag) => flag.spellings.map((spelling) => [spelling, flag] as const)));
  const [, , ...words] = wordsOf(line);
  const found: Asked = {};
  for (let place = 0; place < words.length; place += 1) {
    const flag = known.get(words[place]!);
    if (!flag) continue;
    if (flag.kind === "switch") {
      found[flag.name] = true;
      continue;
    }
    const value = words[(place += 1)] ?? "";
    const before = found[flag.name];
    found[flag.name] = before === undefined ? value : [...(Array.isArray(before) ? before : [String(before)]), value];
  }
  return found;
}

/** The change that makes a row of a search the question: the flags of its line, in place of all that the search took. */
export function replaced(view: View, search: string, name: string, line: string): Record<string, Value> {
  const gone = Object.keys(taken(view.asked, view.catalog.flags[search])).map((flag) => [flag, ""]);
  return { ...Object.fromEntries(gone), ...asked(line, view.catalog.flags[name]) };
}

/** The words of a line as a shell reads them: 'it'"'"'s one' is one. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_, single, double, escaped) => single ?? double ?? escaped));
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The flags that a way out sets, as a question has them. */
export function withChange(set: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(set).map(([name, value]) => [name, typeof value === "number" ? String(value) : value]));
}
