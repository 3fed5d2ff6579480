// The catalogue as a form needs it: names to search by, choices with their labels, flags of each command in one list.
import type { Catalog, Choice, Flag, Gpu, Model } from "../types";

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Raw = any;

export function form(raw: Raw): Catalog {
  const models: Model[] = raw.models.map((each: Raw) => ({
    ...each,
    aliases: [...each.aliases, each.repository].filter(Boolean),
  }));
  const gpus: Gpu[] = raw.gpus;
  const trainers: Choice[] = raw.trainers.map((each: Raw) => ({ value: each.id, label: each.title }));
  const flags: Record<string, Flag[]> = {};
  for (const [command, themes] of Object.entries<Raw>(raw.flags)) {
    flags[command] = themes.flatMap((theme: Raw) => theme.flags.map((flag: Raw) => offered(flag, theme.theme, raw)));
  }
  return { models, gpus, frameworks: raw.frameworks, trainers, flags, labels: raw.labels };
}

function offered(raw: Raw, theme: string, all: Raw): Flag {
  const labels: Record<string, string> = all.labels[raw.name] ?? {};
  let words: string[] = raw.choices;
  if (raw.name === "framework") words = all.frameworks.map((each: Raw) => each.id);
  else if (!words.length) words = Object.keys(labels);
  const choices: Choice[] = words.map((value) => ({ value, label: value }));
  const kind = raw.kind === "switch" ? "switch" : choices.length ? "choice" : "text";
  return { name: raw.name, help: raw.help, metavar: raw.metavar, theme, choices, kind, many: raw.repeats, spellings: raw.spellings };
}

/** The question without what a command does not take. */
export function taken<Question extends object>(asked: Question, flags: Flag[] | undefined): Question {
  const names = new Set((flags ?? []).map((flag) => flag.name));
  if (!names.size) return asked;
  return Object.fromEntries(Object.entries(asked).filter(([name]) => names.has(name))) as Question;
}
