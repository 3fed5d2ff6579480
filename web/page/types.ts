// What the page and an engine say to each other; the report itself is that of `vidcalc … --json`.

/** A question: names of flags with underscores, values as on the command line. */
export type Value = string | number | boolean | string[];
export type Asked = Record<string, Value>;

export interface Change {
  text: string;
  set: Record<string, Value>;
  peak: number;
  seconds: number;
  slower: string;
  verdict: string;
  label: string;
  touches: string[];
}

export interface Measured {
  id: string;
  what: string;
  ours: string;
  theirs: string;
  source: string;
}

/** What a page shows in words, in the language asked for. */
export interface Said {
  verdict: string;
  label: string;
  needed: string;
  room: string;
  time: string;
  time_range: string;
  cost: string;
  warnings: string[];
  /** null where nobody looked for any: an answer while one drags. */
  changes: Change[] | null;
  assumptions: string[];
  stages: Record<string, string>;
  measured: Measured[];
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Report = any;

export interface Page {
  report: Report;
  said: Said;
}

export interface CurveRow {
  value: number;
  peak: number;
  device: number;
  capacity: number;
  seconds: number;
  cost: number | null;
  verdict: string;
  refused?: string;
}

export interface Model {
  id: string;
  title: string;
  family: string;
  aliases: string[];
  task: string;
  params: number;
  width: number;
  height: number;
  frames: number;
  fps: number;
  steps: number;
  sizes: [number, number][];
  frames_step: number;
  frames_offset: number;
}

export interface Gpu {
  id: string;
  title: string;
  memory: number;
  priced: boolean;
}

export interface Framework {
  id: string;
  title: string;
  /** The words it has for a setting, by the setting's name. */
  offers: Record<string, string[]>;
}

export interface Choice {
  value: string;
  label: string;
}

/** A flag as a form offers it. */
export interface Flag {
  name: string;
  help: string;
  metavar: string;
  theme: string;
  choices: Choice[];
  kind: "choice" | "switch" | "text";
  many: boolean;
  /** What it is called on a command line. */
  spellings: string[];
}

export interface Catalog {
  models: Model[];
  gpus: Gpu[];
  frameworks: Framework[];
  trainers: Choice[];
  /** The flags of each command. */
  flags: Record<string, Flag[]>;
  /** What words of settings mean, by setting and word. */
  labels: Record<string, Record<string, string>>;
}

/** An explanation: a value, its formula and digits, and what it is made of. */
export interface Reason {
  id: string;
  value: number | string;
  unit: string;
  formula: string;
  digits: string;
  count: number;
  source: string;
  provenance: string;
  note: string;
  parts: Reason[];
}

/** What is wrong with a question, as the command line says it. */
export class Refused extends Error {
  flag: string;
  nearest: string;

  constructor(error: { message?: string; flag?: string; nearest?: unknown }) {
    super(error.message ?? "");
    this.flag = String(error.flag ?? "").replace(/^-+/, "").replaceAll("-", "_");
    this.nearest = String(error.nearest ?? "");
  }
}

export type Tab = "generate" | "train" | "find";
