// Where answers come from: a server, or the calculator in this very browser. Both give the JSON of the command line.
import type { Asked, Catalog, CurveRow, Page, Reason } from "../types";

export interface Engine {
  /** The report of a question and what to say about it; `whole`: with what to change. Raises Refused. */
  page(asked: Asked, lang: string, whole?: boolean): Promise<Page>;
  /** Memory and time over one setting. Raises Refused. */
  curve(asked: Asked, over: string, values?: number[]): Promise<CurveRow[]>;
  /** Where a number of the report comes from. Raises Refused. */
  explain(asked: Asked, path: string, lang: string): Promise<Reason>;
  /** What `vidcalc NAME … --json` prints. Raises Refused. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  answer(name: string, asked: Asked, lang: string, stop?: AbortSignal): Promise<any>;
  /** Many questions of one command at once, each answer as it comes; a refused one is left out. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  batch(name: string, many: Asked[], each: (place: number, answer: any) => void, stop?: AbortSignal): Promise<void>;
  /** The question that a file asks: a configuration, a header, a workflow, an out-of-memory message. */
  read(name: string, content: ArrayBuffer, lang: string): Promise<{ asked: Asked; said?: string; command?: string }>;
  catalog(lang: string): Promise<Catalog>;
  words(lang: string): Promise<Record<string, string>>;
}
