// The engine's questions and answers, whoever carries them: a name and a body to a status and JSON.
import type { Engine } from "./engine";
import { form } from "./form";
import { Refused, type Asked, type CurveRow, type Page, type Reason } from "../types";

export interface Said {
  status: number;
  text: string;
}

/** Carries one question; `stop` ends the wait. Raises Refused where there is no answer at all. */
export type Call = (name: string, body: unknown, lang: string, stop?: AbortSignal) => Promise<Said>;

export abstract class Doors implements Engine {
  protected abstract call: Call;

  /** Carries a file. */
  protected abstract send(name: string, content: ArrayBuffer, lang: string): Promise<Said>;

  page(asked: Asked, lang: string, whole = true): Promise<Page> {
    return this.ask("page", { asked, lang, changes: whole }, lang);
  }

  curve(asked: Asked, over: string, values?: number[]): Promise<CurveRow[]> {
    return this.ask("curve", values ? { asked, over, values } : { asked, over }, "en");
  }

  explain(asked: Asked, path: string, lang: string): Promise<Reason> {
    return this.ask("explain", { ...asked, quantity: path }, lang);
  }

  answer(name: string, asked: Asked, lang: string, stop?: AbortSignal) {
    return this.ask(name, asked, lang, stop);
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  abstract batch(name: string, many: Asked[], each: (place: number, answer: any) => void, stop?: AbortSignal): Promise<void>;

  async read(name: string, content: ArrayBuffer, lang: string) {
    const { status, text } = await this.send(name, content, lang);
    if (status !== 200) throw refusal(status, text);
    return JSON.parse(text);
  }

  async catalog(lang: string) {
    return form(await this.ask("catalog", { lang }, lang));
  }

  words(lang: string): Promise<Record<string, string>> {
    return this.ask("words", { lang }, lang);
  }

  protected async ask(name: string, body: unknown, lang: string, stop?: AbortSignal) {
    const { status, text } = await this.call(name, body, lang, stop);
    if (status !== 200) throw refusal(status, text);
    return JSON.parse(text);
  }
}

export function refusal(status: number, text: string): Refused {
  try {
    return new Refused(JSON.parse(text).error ?? { message: text });
  } catch {
    return new Refused({ message: `${status} ${text.slice(0, 200)}` });
  }
}
