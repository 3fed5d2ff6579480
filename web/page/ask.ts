// The answer of a command to the question as it stands, asked anew whenever that changes.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { View } from "./view";
import { taken } from "./engine/form";
import { Latest } from "./latest";
import type { Asked, Report } from "./types";

const REST = 60; // ms without a further change

export interface Answered {
  report: Report | null;
  error: Error | null;
}

export function useAnswer(view: View, name: string): Answered {
  const { engine, asked, lang, catalog } = view;
  const [answer, setAnswer] = useState<Answered>({ report: null, error: null });
  const latest = useMemo(
    () =>
      new Latest<[Asked, string], Report>(
        (question) => engine.answer(name, ...question),
        (_, report) => setAnswer({ report, error: null }),
        (_, error) => setAnswer((before) => ({ ...before, error: error as Error })),
      ),
    [engine, name],
  );
  useEffect(() => {
    const question = taken(asked, catalog.flags[name]);
    const rest = setTimeout(() => latest.put([question, lang]), REST);
    return () => clearTimeout(rest);
  }, [asked, lang, name]);
  return answer;
}
