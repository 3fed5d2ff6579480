// The page: one question, its tabs, what stands beside it, and the address that holds all of it.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Engine } from "./engine/engine";
import { Latest } from "./latest";
import { fragment, placeOf, type Place } from "./link";
import { Explain } from "./parts/explain";
import { Patterns } from "./parts/patterns";
import type { Asked, Catalog, Page, Tab } from "./types";
import { Form } from "./views/form";
import { Find } from "./views/find";
import { Generate } from "./views/generate";
import { Head } from "./views/head";
import { Train } from "./views/train";
import { Drop } from "./views/drop";
import type { Change } from "./view";
import { use } from "./words";

interface Props {
  engine: Engine;
  catalog: Catalog;
  place: Place;
  first: Page | Error | null;
  lang: string;
}

const REST = 120; // ms without a further change

export function App(props: Props) {
  const { engine } = props;
  const [place, setPlace] = useState(props.place);
  const [lang, setLang] = useState(props.lang);
  const [catalog, setCatalog] = useState(props.catalog);
  const [page, setPage] = useState<Page | null>(props.first && "report" in props.first ? props.first : null);
  const [error, setError] = useState<Error | null>(props.first instanceof Error ? props.first : null);
  const [explained, setExplained] = useState<{ path: string; title: string } | null>(null);
  const [settled, setSettled] = useState<Asked | null>(props.place.asked);
  const seen = useRef(props.first !== null);
  const wanted = useRef(place.asked);
  wanted.current = place.asked;
  const rest = useRef<ReturnType<typeof setTimeout>>();

  const latest = useMemo(
    () =>
      new Latest<[Asked, string, boolean], Page>(
        (question) => engine.page(...question),
        ([asked, spoken, whole], answer) => {
          setPage((before) => keeping(before, answer));
          setError(null);
          setSettled(whole ? asked : null);
          if (!whole && asked === wanted.current) rest.current = setTimeout(() => latest.put([asked, spoken, true]), REST);
        },
        (_, failed) => setError(failed as Error),
      ),
    [engine],
  );
  useEffect(() => {
    if (seen.current) {
      seen.current = false;
      return;
    }
    latest.put([place.asked, lang, false]); // what to change is looked for once the hand rests
    return () => clearTimeout(rest.current);
  }, [place.asked, lang]);

  const go = useCallback((next: Place, step: boolean) => {
    setPlace(next);
    history[step ? "pushState" : "replaceState"](null, "", `#${fragment(next)}`);
  }, []);
  useEffect(() => {
    const back = () => {
      const named = placeOf(location);
      if (named) setPlace(named);
    };
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);

  const change: Change = (changed, step = true) => {
    const asked = Object.fromEntries(Object.entries({ ...place.asked, ...changed }).filter(([, value]) => value !== ""));
    go({ ...place, asked }, step);
  };
  const speak = async (next: string) => {
    const [words, fresh] = await Promise.all([engine.words(next), engine.catalog(next)]);
    use(words);
    document.documentElement.lang = next;
    setCatalog(fresh);
    setLang(next);
  };
  const view = {
    engine,
    lang,
    asked: place.asked,
    page,
    settled: settled === place.asked,
    error,
    change,
    explain: (path: string, title: string) => setExplained({ path, title }),
    beside: place.beside,
    put: (beside: Asked[]) => go({ ...place, beside }, true),
    catalog,
  };
  return (
    <>
      <Patterns />
      <Head lang={lang} onLang={speak} tab={place.tab} onTab={(tab: Tab) => go({ ...place, tab }, true)} view={view} />
      <main class="columns">
        <Form view={view} tab={place.tab} />
        <div class="answer">
          {place.tab === "generate" && <Generate view={view} />}
          {place.tab === "train" && <Train view={view} />}
          {place.tab === "find" && <Find view={view} />}
        </div>
      </main>
      <Drop view={view} onRead={(asked, tab) => go({ ...place, tab, asked: { ...place.asked, ...texts(asked) } }, true)} />
      {explained && (
        <Explain
          key={explained.path}
          engine={engine}
          asked={place.asked}
          lang={lang}
          {...explained}
          onClose={() => setExplained(null)}
        />
      )}
    </>
  );
}

/** A question with its numbers as an address has them. */
function texts(asked: Asked): Asked {
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, typeof value === "number" ? String(value) : value]));
}

/** A quick answer shows no changes; those of the answer before stay until its own are there, so that nothing jumps. */
function keeping(before: Page | null, answer: Page): Page {
  if (answer.said.changes || !before || answer.report.memory.inference.verdict !== "too_big") return answer;
  return { ...answer, said: { ...answer.said, changes: before.said.changes } };
}
