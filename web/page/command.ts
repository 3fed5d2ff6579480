// A question as the command line has it, and a change of the report's fields as one of the question.
import type { Asked, Value } from "./types";

/** "vidcalc estimate --model wan2.1-t2v-14b --gpu h100", quoted for a shell. */
export function command(name: string, asked: Asked): string {
  const words = Object.entries(asked).flatMap(([flag, value]) => {
    const spelled = `--${flag.replaceAll("_", "-")}`;
    if (value === true) return [spelled];
    return (Array.isArray(value) ? value : [value]).flatMap((each) => [spelled, quoted(String(each))]);
  });
  return ["vidcalc", name, ...words].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The flags that a way out sets, as a question has them. */
export function withChange(set: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(set).map(([name, value]) => [name, typeof value === "number" ? String(value) : value]));
}
