// The head of the page: its name, the tabs, sharing, language and light.
import { useState } from "preact/hooks";
import type { View } from "../view";
import { isDark, keep, theme } from "../settings";
import type { Tab } from "../types";
import { n, t } from "../words";
import { Share } from "./share";

interface Props {
  lang: string;
  onLang: (lang: string) => void;
  tab: Tab;
  onTab: (tab: Tab) => void;
  view: View;
}

const TABS: [Tab, string][] = [
  ["generate", n("Generate")],
  ["train", n("Train")],
  ["find", n("What fits")],
];

export function Head({ lang, onLang, tab, onTab, view }: Props) {
  const [, redraw] = useState(0);
  document.title = `vidcalc · ${t("Video Model Resource Calculator")}`;
  const dark = isDark();
  return (
    <header class="head">
      <h1>
        <img src="icon.svg" alt="" width="24" height="24" />
        vidcalc
      </h1>
      <nav aria-label={t("What is asked")}>
        {TABS.map(([id, name]) => (
          <button key={id} type="button" aria-current={tab === id ? "page" : undefined} onClick={() => onTab(id)}>
            {t(name)}
          </button>
        ))}
      </nav>
      <div class="tools">
        <Share view={view} tab={tab} />
        <button
          type="button"
          class="quiet"
          lang={lang === "ko" ? "en" : "ko"}
          onClick={() => {
            const next = lang === "ko" ? "en" : "ko";
            keep("lang", next);
            onLang(next);
          }}
        >
          {lang === "ko" ? "English" : "한국어"}
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={dark ? t("Light page") : t("Dark page")}
          title={dark ? t("Light page") : t("Dark page")}
          onClick={() => {
            theme(dark ? "light" : "dark");
            redraw(Math.random());
          }}
        >
          {dark ? "☀" : "☾"}
        </button>
      </div>
    </header>
  );
}
