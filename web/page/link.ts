// The whole question as an address: "v1:model=wan2.1-t2v-14b&gpu=h100". Names that begin with a dot are the page's own.
import type { Asked, Tab, Value } from "./types";

const VERSION = "v1:";
const TABS = ["generate", "train", "find"];

export interface Place {
  asked: Asked;
  tab: Tab;
  beside: Asked[];
}

/** The text of a question: `value` of a flag that repeats stands as often. */
export function written(asked: Asked): string {
  const pairs = Object.entries(asked).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${name}=${escaped(String(each))}`),
  );
  return VERSION + pairs.join("&");
}

export function read(text: string): Asked {
  const asked: Asked = {};
  for (const [name, value] of pairs(text)) {
    if (name.startsWith(".")) continue;
    const known = asked[name];
    asked[name] = known === undefined ? typed(value) : [...(Array.isArray(known) ? known : [String(known)]), value];
  }
  return asked;
}

/** The part after "#" for a place of the page. */
export function fragment({ asked, tab, beside }: Place): string {
  const own = [...(tab === "generate" ? [] : [`.tab=${tab}`]), ...beside.map((each) => `.beside=${escaped(written(each))}`)];
  const text = written(asked);
  return own.length ? text + (text === VERSION ? "" : "&") + own.join("&") : text;
}

/** The place that an address names, by its fragment or else by its query; null where it names none. */
export function placeOf(address: Location): Place | null {
  const hash = address.hash.slice(1);
  const text = hash.startsWith(VERSION) ? hash : (new URLSearchParams(address.search).get("q") ?? "");
  if (!text.startsWith(VERSION)) return null;
  const own = pairs(text);
  const tab = own.find(([name]) => name === ".tab")?.[1] ?? "generate";
  const beside = own.filter(([name]) => name === ".beside").map(([, value]) => read(value));
  return { asked: read(text), tab: (TABS.includes(tab) ? tab : "generate") as Tab, beside: beside.slice(0, 3) };
}

function pairs(text: string): [string, string][] {
  const body = text.startsWith(VERSION) ? text.slice(VERSION.length) : text;
  return body
    .split("&")
    .filter(Boolean)
    .map((each) => {
      const cut = each.indexOf("=");
      return cut < 0 ? [unescaped(each), "true"] : [unescaped(each.slice(0, cut)), unescaped(each.slice(cut + 1))];
    });
}

function typed(value: string): Value {
  return value === "true" ? true : value;
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%20", "+");
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return text;
  }
}
