// The engine behind `vidcalc serve`.
import type { Engine } from "./engine";
import { form } from "./form";
import { Refused, type Asked, type CurveRow, type Page, type Reason } from "../types";

const API = "api/v1/";

export class Http implements Engine {
  page(asked: Asked, lang: string, whole = true): Promise<Page> {
    return post("page", { asked, lang, changes: whole }, lang);
  }

  async curve(asked: Asked, over: string, values?: number[]): Promise<CurveRow[]> {
    const answer = await post("curve", values ? { asked, over, values } : { asked, over }, "en");
    return Array.isArray(answer) ? answer : answer.rows;
  }

  explain(asked: Asked, path: string, lang: string): Promise<Reason> {
    return post("explain", { asked, path }, lang);
  }

  answer(name: string, asked: Asked, lang: string, stop?: AbortSignal) {
    return post(name, asked, lang, stop);
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async batch(name: string, many: Asked[], each: (place: number, answer: any) => void, stop?: AbortSignal) {
    const lines = many.map((asked) => JSON.stringify({ name, asked })).join("\n");
    const headers = { "content-type": "application/x-ndjson" };
    const response = await fetch(API + "batch", { method: "POST", headers, body: lines, signal: stop });
    if (!response.ok || !response.body) throw await refusal(response);
    let place = 0;
    for await (const line of linesOf(response.body)) {
      const answer = JSON.parse(line);
      if (!answer.error) each(place, answer.answer ?? answer);
      place += 1;
    }
  }

  async read(name: string, content: ArrayBuffer, lang: string) {
    const headers = { "content-type": "application/octet-stream", "accept-language": lang };
    const address = `${API}read?name=${encodeURIComponent(name)}`;
    const response = await fetch(address, { method: "POST", headers, body: content });
    if (!response.ok) throw await refusal(response);
    return response.json();
  }

  async catalog(lang: string) {
    return form(await get(`catalog?lang=${lang}`));
  }

  words(lang: string): Promise<Record<string, string>> {
    return get(`words?lang=${lang}`);
  }
}

async function get(path: string) {
  const response = await fetch(API + path);
  if (!response.ok) throw await refusal(response);
  return response.json();
}

async function post(path: string, body: unknown, lang: string, signal?: AbortSignal) {
  const headers = { "content-type": "application/json", "accept-language": lang };
  const response = await fetch(API + path, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

async function refusal(response: Response): Promise<Refused> {
  const text = await response.text();
  try {
    return new Refused(JSON.parse(text).error ?? { message: text });
  } catch {
    return new Refused({ message: `${response.status} ${response.statusText}` });
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
