// Up to four questions side by side: this one and those that were kept.
import { useEffect, useState } from "preact/hooks";
import type { View } from "../view";
import { written } from "../link";
import { data, duration, energy, flop, money } from "../numbers";
import { Short } from "../parts/verdict";
import type { Asked, Page, Report } from "../types";
import { n, t } from "../words";

const MOST = 3;

export function Beside({ view }: { view: View }) {
  const { beside, put, asked, page } = view;
  const kept = useKept(view);
  const here = written(asked);
  const isKept = beside.some((each) => written(each) === here);
  const columns: [Asked | null, Page | null][] = [[null, page], ...beside.map((each): [Asked, Page | null] => [each, kept[written(each)] ?? null])];
  return (
    <section class="wide beside">
      <h3>
        {t("Side by side")}
        <button type="button" class="small" disabled={isKept || beside.length >= MOST} onClick={() => put([...beside, asked])}>
          {t("Keep this one")}
        </button>
      </h3>
      {beside.length === 0 && <p class="dim">{t("Keep up to three questions and change the one above.")}</p>}
      {beside.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("Side by side")}>
          <table>
            <thead>
              <tr>
                <td />
                {columns.map(([question, answer], place) => (
                  <th scope="col" key={place}>
                    {answer ? answer.report.model.title : "…"}
                    {question && (
                      <span class="acts">
                        <button type="button" class="small" onClick={() => view.change(swapped(asked, question))}>
                          {t("Show")}
                        </button>
                        <button type="button" class="small" onClick={() => put(beside.filter((each) => each !== question))}>
                          {t("Remove")}
                        </button>
                      </span>
                    )}
                    {!question && <small>{t("this question")}</small>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ROWS.map(([name, cell]) => (
                <tr key={name}>
                  <th scope="row">{t(name)}</th>
                  {columns.map(([, answer], place) => (
                    <td key={place}>{answer ? cell(answer.report) : "…"}</td>
                  ))}
                </tr>
              ))}
              <tr>
                <th scope="row">{t("Verdict")}</th>
                {columns.map(([, answer], place) => (
                  <td key={place}>{answer && <Short verdict={answer.report.memory.inference.verdict} />}</td>
                ))}
              </tr>
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const ROWS: [string, (report: Report) => string][] = [
  [n("Clip"), ({ workload }) => `${workload.width}×${workload.height} × ${workload.frames}, ${workload.steps}`],
  [n("GPU"), ({ hardware }) => `${hardware.count} × ${hardware.name.replace(/^NVIDIA (GeForce )?/, "")}`],
  [n("How it runs"), ({ plan }) => [plan.framework, plan.precision, plan.offload].filter((word) => word !== "none").join(", ")],
  [n("GPU memory"), ({ memory }) => data(memory.inference.device)],
  [n("Time"), ({ time }) => duration(time.inference.total)],
  [n("Cost"), ({ cost }) => (cost ? money(cost.inference.likely) : "–")],
  [n("Energy"), (report) => (report.energy ? energy(report.energy.inference) : "–")],
  [n("Work"), ({ compute }) => flop(compute.flops_per_video)],
];

/** The change that makes one question another. */
function swapped(from: Asked, to: Asked): Asked {
  return { ...Object.fromEntries(Object.keys(from).map((name) => [name, ""])), ...to };
}

/** The answers of the questions kept, each asked once. */
function useKept({ engine, beside, lang }: View): Record<string, Page> {
  const [kept, setKept] = useState<Record<string, Page>>({});
  useEffect(() => {
    for (const each of beside) {
      const name = written(each);
      if (name in kept) continue;
      engine.page(each, lang, false).then((page) => setKept((known) => ({ ...known, [name]: page })), () => undefined);
    }
  }, [beside]);
  return kept;
}
