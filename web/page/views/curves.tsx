// Memory and time over one setting, with the card's limit drawn in; a click takes the value.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { View } from "../view";
import { Latest } from "../latest";
import { data, duration, GIB, money, whole } from "../numbers";
import { Plot } from "../parts/plot";
import { Short } from "../parts/verdict";
import type { Asked, CurveRow } from "../types";
import { n, t } from "../words";

const AXES: [string, string][] = [
  ["frames", n("Frames")],
  ["width", n("Width")],
  ["gpus", n("GPUs")],
  ["steps", n("Steps")],
];

const TIMES = [0.001, 0.01, 0.1, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18_000, 36_000, 86_400, 432_000, 864_000];

export function Curves({ view }: { view: View }) {
  const { engine, asked, page, settled, change } = view;
  const [over, setOver] = useState("frames");
  const [rows, setRows] = useState<CurveRow[]>([]);
  const latest = useMemo(
    () =>
      new Latest<[Asked, string], CurveRow[]>(
        (question) => engine.curve(...question),
        (_, answer) => setRows(answer.filter((row) => !row.refused)),
        () => setRows([]),
      ),
    [engine],
  );
  useEffect(() => {
    if (settled) latest.put([asked, over]); // a curve is many answers: it waits for a hand at rest
  }, [asked, over, settled]);

  const now = page ? nowOf(page.report, over) : undefined;
  const take = (value: number) => change(over === "width" ? { resolution: sized(page, value) } : { [over]: String(value) });
  const along = rows.map((row) => row.value);
  const title = t(AXES.find(([id]) => id === over)![1]);
  return (
    <section class="wide curves">
      <h3>
        {t("How it grows")}
        <span class="chips" role="group" aria-label={t("over")}>
          {AXES.map(([id, name]) => (
            <button key={id} type="button" class="chip" aria-pressed={id === over} onClick={() => setOver(id)}>
              {t(name)}
            </button>
          ))}
        </span>
      </h3>
      <div class="plots">
        <Plot
          title={t("GPU memory")}
          along={along}
          values={rows.map((row) => row.device / GIB)}
          limit={rows.map((row) => row.capacity / GIB)}
          now={now}
          shown={(value) => data(value * GIB)}
          onTake={take}
        />
        <Plot title={t("Time")} steps={TIMES} along={along} values={rows.map((row) => row.seconds)} now={now} shown={duration} onTake={take} />
      </div>
      <details>
        <summary>{t("As a table")}</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={t("How it grows")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{title}</th>
                <th scope="col" class="figure">{t("GPU memory")}</th>
                <th scope="col" class="figure">{t("Time")}</th>
                <th scope="col" class="figure">{t("Cost")}</th>
                <th scope="col">{t("Verdict")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.value}>
                  <th scope="row">
                    <button type="button" class="small" onClick={() => take(row.value)}>
                      {whole(row.value)}
                    </button>
                  </th>
                  <td class="figure">{data(row.device)}</td>
                  <td class="figure">{duration(row.seconds)}</td>
                  <td class="figure">{row.cost === null ? "–" : money(row.cost)}</td>
                  <td>
                    <Short verdict={row.verdict} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

function nowOf(report: View["page"] extends null ? never : any, over: string): number {
  if (over === "gpus") return report.hardware.count;
  return report.workload[over];
}

/** A width with the height that keeps the picture's shape; what the model does not take is snapped. */
function sized(page: View["page"], width: number): string {
  const { workload } = page!.report;
  const height = Math.round((workload.height * width) / workload.width / 16) * 16;
  return `${width}x${height}`;
}
