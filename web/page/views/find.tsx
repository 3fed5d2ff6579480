// Searches: the largest job that fits this card, which card to take, and every card by time and cost.
import { useState } from "preact/hooks";
import type { View } from "../view";
import { asked, replaced } from "../command";
import { taken } from "../engine/form";
import { data, duration, money } from "../numbers";
import { Pick } from "../parts/fields";
import { Short } from "../parts/verdict";
import type { Report } from "../types";
import { t } from "../words";
import { Cards } from "./cards";

const OF_COLUMNS = ["model", "frames", "resolution", "gpu", "gpus"];
const LEFT = { fit: ["frames", "seconds", "offload", "vae_tiling"], choose: ["gpu", "gpus", "offload", "parallel"] };
const TIMES = ["1min", "5min", "15min", "30min", "1h", "3h"];
const COSTS = ["0.1", "0.5", "1", "5", "20"];

export function Find({ view }: { view: View }) {
  return (
    <div class="sections">
      <h2 class="hidden">{t("What fits")}</h2>
      <Cards view={view} />
      <Search
        view={view}
        name="fit"
        title={t("The longest clip that fits")}
        limits={{ max_time: [t("Time at most"), TIMES], max_cost: [t("Cost at most"), COSTS] }}
        leave={LEFT.fit}
        heads={[t("Clip"), t("Settings"), t("Time"), t("Cost"), t("GPU memory")]}
        cells={(row) => [
          t("{count} frames", { count: row.frames }),
          settings(view, row.command, LEFT.fit),
          duration(row.seconds),
          row.cost === null ? "–" : money(row.cost),
          data(row.device),
        ]}
      />
      <Search
        view={view}
        name="choose"
        title={t("Which GPU to take")}
        limits={{ deadline: [t("Time at most"), TIMES], budget: [t("Cost at most"), COSTS] }}
        leave={LEFT.choose}
        heads={[t("GPU"), t("Settings"), t("Time"), t("Cost"), t("GPU memory")]}
        cells={(row) => [
          `${row.gpus} × ${row.name}`,
          settings(view, row.command, LEFT.choose),
          duration(row.seconds),
          row.cost === null ? "–" : money(row.cost),
          data(row.device),
        ]}
      />
    </div>
  );
}

interface SearchProps {
  view: View;
  name: string;
  title: string;
  /** Flags of the search with their label and values. */
  limits: Record<string, [string, string[]]>;
  /** What the search itself decides. */
  leave: string[];
  heads: string[];
  cells: (row: Report) => string[];
}

/** A search that is asked for by its button, since it takes a while; a row taken becomes the question. */
function Search({ view, name, title, limits, leave, heads, cells }: SearchProps) {
  const [limited, setLimited] = useState<Record<string, string>>({});
  const [answer, setAnswer] = useState<Report | null>(null);
  const [state, setState] = useState("");
  const ask = () => {
    setState("busy");
    const kept = Object.entries(view.asked).filter(([flag]) => !leave.includes(flag));
    const question = { ...taken(Object.fromEntries(kept), view.catalog.flags[name]), ...limited };
    view.engine.answer(name, question, view.lang).then(
      (found) => {
        setAnswer(found);
        setState("");
      },
      (error) => setState(error.message),
    );
  };
  const limit = (flag: string, value: string) => {
    const { [flag]: _, ...rest } = limited;
    setLimited(value ? { ...rest, [flag]: value } : rest);
  };
  return (
    <section class="wide search">
      <h3>{title}</h3>
      <div class="limits">
        {Object.entries(limits).map(([flag, [label, values]]) => (
          <Pick
            key={flag}
            label={label}
            value={limited[flag] ?? ""}
            choices={[{ value: "", label: t("any") }, ...values.map((value) => ({ value, label: value }))]}
            onChange={(value) => limit(flag, value)}
          />
        ))}
        <button type="button" class="go" onClick={ask} disabled={state === "busy"}>
          {state === "busy" ? t("Searching …") : t("Search")}
        </button>
      </div>
      {state && state !== "busy" && (
        <p class="refused" role="alert">
          {state}
        </p>
      )}
      {answer && (
        <div class="scroll" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead>
              <tr>
                {heads.map((head, place) => (
                  <th scope="col" key={head} class={place > 1 ? "figure" : ""}>
                    {head}
                  </th>
                ))}
                <th scope="col">{t("Verdict")}</th>
              </tr>
            </thead>
            <tbody>
              {answer.rows.map((row: Report, place: number) => (
                <tr key={place}>
                  {cells(row).map((cell, column) =>
                    column === 0 ? (
                      <th scope="row" key={column}>
                        <button type="button" class="small" onClick={() => view.change(replaced(view, name, "estimate", row.command))}>
                          {cell}
                        </button>
                      </th>
                    ) : (
                      <td key={column} class={column > 1 ? "figure" : ""}>
                        {cell}
                      </td>
                    ),
                  )}
                  <td>
                    <Short verdict={row.verdict} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** What a row settles beside what its columns say, as flags. */
function settings(view: View, command: string, decided: string[]): string {
  const told = Object.entries(asked(command, view.catalog.flags.estimate)).filter(
    ([name]) => !OF_COLUMNS.includes(name) && (decided.includes(name) || !(name in view.asked)),
  );
  return told.map(([name, value]) => `${name.replaceAll("_", "-")} ${value}`).join(", ") || "–";
}
