// The engine behind `vidcalc serve`.
import { Doors, refusal, type Call } from "./doors";
import type { Asked } from "../types";

const API = "api/v1/";
const BUSY = 503; // too many questions at once: ask again in a moment
const LISTED = ["catalog", "words"]; // what nothing but the language changes is fetched, and kept by the browser

export class Http extends Doors {
  protected call: Call = async (name, body, lang, signal) => {
    const headers = { "content-type": "application/json", "accept-language": lang };
    const ask = () =>
      LISTED.includes(name)
        ? fetch(`${API}${name}?lang=${lang}`)
        : fetch(API + name, { method: "POST", headers, body: JSON.stringify(body), signal });
    let response = await ask();
    for (let pause = 150; response.status === BUSY && pause < 3000; pause *= 2) {
      await new Promise((again) => setTimeout(again, pause));
      response = await ask();
    }
    return { status: response.status, text: await response.text() };
  };

  protected async send(name: string, content: ArrayBuffer, lang: string) {
    const headers = { "content-type": "application/octet-stream", "accept-language": lang };
    const response = await fetch(`${API}read?name=${encodeURIComponent(name)}`, { method: "POST", headers, body: content });
    return { status: response.status, text: await response.text() };
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async batch(name: string, many: Asked[], each: (place: number, answer: any) => void, signal?: AbortSignal) {
    const lines = many.map((asked) => JSON.stringify({ name, asked })).join("\n");
    const headers = { "content-type": "application/x-ndjson" };
    const response = await fetch(API + "batch", { method: "POST", headers, body: lines, signal });
    if (!response.ok || !response.body) throw refusal(response.status, await response.text());
    let place = 0;
    for await (const line of linesOf(response.body)) {
      const answer = JSON.parse(line);
      if (!answer.error) each(place, answer.answer ?? answer);
      place += 1;
    }
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (let reader = body.getReader(); ; ) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line.trim()) yield line;
    if (done) return;
  }
}
