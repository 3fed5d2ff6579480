// The start: the place that the address names, words and catalogue, then the page.
import { render } from "preact";
import { App } from "./app";
import { Browser } from "./engine/browser";
import { Http } from "./engine/http";
import { placeOf } from "./link";
import { language, theme } from "./settings";
import { use } from "./words";

const FIRST = { model: "wan2.1-t2v-14b", gpu: "rtx-4090" };

async function start() {
  const engine = document.documentElement.dataset.engine === "browser" ? new Browser() : new Http();
  const lang = language();
  theme();
  document.documentElement.lang = lang;
  const place = placeOf(location) ?? { asked: FIRST, tab: "generate" as const, beside: [] };
  const first = place.tab === "generate" ? engine.page(place.asked, lang).catch((error) => error) : null;
  const [words, catalog] = await Promise.all([engine.words(lang), engine.catalog(lang)]);
  use(words);
  const page = await first;
  const root = document.getElementById("page")!;
  root.replaceChildren();
  render(<App engine={engine} catalog={catalog} place={place} first={page} lang={lang} />, root);
}

void start();
