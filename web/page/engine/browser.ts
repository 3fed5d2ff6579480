// The engine in this browser: a worker that runs the calculator itself. What was answered beforehand is there at once.
import { Doors, type Call, type Said } from "./doors";
import { written } from "../link";
import type { Asked } from "../types";
import { n, t } from "../words";

const ARRAYS = n("This search needs NumPy, which does not run in a browser: `vidcalc serve` and the command line answer it.");

interface First {
  catalog: unknown;
  words: unknown;
  /** Answers of the questions that most begin with, by their text. */
  pages: Record<string, unknown>;
}

interface Waiting {
  done: (answer: Said) => void;
  failed: (error: Error) => void;
}

export class Browser extends Doors {
  private readonly worker = new Worker("worker.js", { type: "module" });
  private readonly waiting = new Map<number, Waiting>();
  private readonly first = new Map<string, Promise<First>>();
  private ready = false;
  private last = 0;

  constructor() {
    super();
    this.worker.onmessage = ({ data }) => {
      if (data.ready) this.ready = true;
      if (data.broken) for (const { failed } of this.waiting.values()) failed(new Error(data.broken));
      const text = data.arrays ? JSON.stringify({ error: { message: t(ARRAYS) } }) : data.text;
      this.waiting.get(data.id)?.done({ status: data.status, text });
      this.waiting.delete(data.id);
    };
    if ("serviceWorker" in navigator) void navigator.serviceWorker.register("offline.js");
  }

  protected call: Call = async (name, body, lang) => {
    const known = await this.known(name, body, lang);
    if (known !== undefined) return { status: 200, text: JSON.stringify(known) };
    return this.post({ name, body: JSON.stringify(body), lang });
  };

  protected send(name: string, content: ArrayBuffer, lang: string): Promise<Said> {
    return this.post({ name, content, lang });
  }

  private post(question: object): Promise<Said> {
    const id = (this.last += 1);
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.worker.postMessage({ id, ...question });
    });
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async batch(name: string, many: Asked[], each: (place: number, answer: any) => void, stop?: AbortSignal) {
    for (const [place, asked] of many.entries()) {
      if (stop?.aborted) return;
      await this.ask(name, asked, "en").then((answer) => each(place, answer), () => undefined);
    }
  }

  private async known(name: string, body: unknown, lang: string): Promise<unknown> {
    if (!["catalog", "words", "page"].includes(name)) return undefined;
    if (!this.first.has(lang)) this.first.set(lang, fetch(`first.${lang}.json`).then((response) => response.json()));
    const first = await this.first.get(lang)!.catch((error) => {
      this.first.delete(lang); // asked again next time
      throw error;
    });
    if (name === "page") return this.ready ? undefined : first.pages[written((body as { asked: Asked }).asked)];
    return first[name as "catalog" | "words"];
  }
}
