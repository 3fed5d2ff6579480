// The answer to generating: the verdict first, then memory by stage, what to change, time, and how it goes with a setting.
import type { View } from "../view";
import { withChange } from "../command";
import { data, difference, duration, energy, flop, mass, money } from "../numbers";
import { Bars, type Row } from "../parts/bars";
import { tiles } from "../parts/tile";
import { Sign } from "../parts/verdict";
import type { Change, Report, Said } from "../types";
import { Refused } from "../types";
import { t } from "../words";
import { Beside } from "./beside";
import { Curves } from "./curves";
import { Rightness } from "./measured";

const DEVICE = "memory.inference.device";
const OF_TRAINING = ["training_too_big", "checkpointing_helps"];
const STAGES = ["text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode", "beside"];

export function Generate({ view }: { view: View }) {
  const { page, error } = view;
  if (!page) return error ? <Error view={view} /> : <p class="waiting">…</p>;
  const { report, said } = page;
  return (
    <>
      {error && <Error view={view} />}
      <section class={`verdict ${report.memory.inference.verdict}`} aria-live="polite" aria-atomic="true">
        <Sign verdict={report.memory.inference.verdict} />
        <div>
          <h2>{headline(said)}</h2>
          <p>{summary(report)}</p>
        </div>
      </section>
      <Tiles view={view} report={report} said={said} />
      <div class="sections">
        <section class="wide">
          <h3>{t("GPU memory to generate")}</h3>
          <Bars
            rows={memoryRows(report, said)}
            limit={report.memory.inference.capacity}
            shown={data}
            onRow={(row) => view.explain(row.most ? DEVICE : `memory.inference.stages.${row.id}.total`, row.label)}
          />
          <p class="foot">{peakOf(report)}</p>
        </section>
        <Changes view={view} report={report} said={said} />
        <section>
          <h3>
            {t("Time")} <small>{said.time_range}</small>
          </h3>
          <Bars
            rows={timeRows(report, said)}
            shown={duration}
            onRow={(row) => view.explain(`time.inference.${row.id}`, row.label)}
          />
        </section>
        <Notes report={report} said={said} />
        <Curves view={view} />
        <Beside view={view} />
        <Rightness said={said} />
      </div>
    </>
  );
}

function headline(said: Said): string {
  return said.label && said.room ? `${said.label}: ${said.room}` : said.verdict;
}

function summary(report: Report): string {
  const { model, workload, hardware } = report;
  const cards = hardware.count > 1 ? `${hardware.count} × ${hardware.name}` : hardware.name;
  return `${model.title} · ${workload.width}×${workload.height}, ${t("{count} frames", { count: workload.frames })} · ${cards}`;
}

/** What the peak is made of, and how sure it is. */
function peakOf(report: Report): string {
  const { peak, reserved, device, low, high } = report.memory.inference;
  const values = { allocated: data(peak), reserved: data(reserved), device: data(device), low: data(low), high: data(high) };
  return t("At the peak: allocated {allocated}, reserved {reserved}, on the GPU {device} ({low} to {high})", values);
}

function Tiles({ view, report, said }: { view: View; report: Report; said: Said }) {
  const { memory, time, cost, compute } = report;
  const used = report.energy;
  const inference = memory.inference;
  const tile = tiles(view);
  const of = t("of {size}", { size: data(inference.capacity) });
  const range = `${duration(time.inference.low)} – ${duration(time.inference.high)}`;
  const price = cost ? `${money(cost.inference.low)} – ${money(cost.inference.high)}` : t("no price known");
  const carbon = used ? `${mass(used.carbon_per_video)} CO₂e` : "";
  return (
    <ul class="tiles" aria-label={said.verdict}>
      {tile(t("GPU memory"), DEVICE, data(inference.device), of)}
      {tile(t("Time"), "time.inference.total", duration(time.inference.total), range)}
      {tile(t("Cost"), "cost.inference.likely", cost ? money(cost.inference.likely) : "–", price)}
      {tile(t("Energy"), "energy.inference", used ? energy(used.inference) : "–", carbon)}
      {tile(t("Work"), "compute.flops_per_video", flop(compute.flops_per_video), t("{count} a step", { count: flop(compute.flops_per_step) }))}
      {tile(t("Host RAM"), "memory.inference.host_ram", data(inference.host_ram), hostNote(inference))}
    </ul>
  );
}

function hostNote(inference: Report): string {
  const { pinned } = inference.host;
  return pinned ? t("{size} pinned", { size: data(pinned) }) : t("while loading");
}

export function memoryRows(report: Report, said: Said): Row[] {
  const { stages, peak_stage: most, device } = report.memory.inference;
  return stages.map((stage: Report) => {
    const held = stage.id === most ? device - stage.total : 0; // the verdict is about what the card holds at the peak
    return {
      id: stage.id,
      label: said.stages[stage.id] ?? stage.id,
      total: stage.total + held,
      most: stage.id === most,
      parts: [
        { kind: "weights", value: stage.weights },
        { kind: "activations", value: stage.activations },
        { kind: "other", value: stage.other },
        { kind: "held", value: held },
      ],
    };
  });
}

export function timeRows(report: Report, said: Said): Row[] {
  const time = report.time.inference;
  return STAGES.filter((id) => time[id] > 0).map((id) => ({
    id,
    label: said.stages[id] ?? id,
    total: time[id],
    parts: [{ kind: "weights", value: time[id] }],
  }));
}

function Changes({ view, report, said }: { view: View; report: Report; said: Said }) {
  if (!said.changes?.length) return null;
  const whole = report.time.inference.total;
  return (
    <section class="wide">
      <h3>
        {t("What to change")} <small>{t("peak, time")}</small>
      </h3>
      <ul class="changes">
        {said.changes.map((each) => (
          <li key={each.text}>
            <button type="button" onClick={() => view.change(withChange(each.set))}>
              <Sign verdict={each.verdict} />
              <code>{each.text}</code>
              <span class="figure">{data(each.peak)}</span>
              <span class="figure">{each.slower ?? difference(each.seconds, whole) ?? t("same time")}</span>
              <small>{meaning(view, each)}</small>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a way out does, and what it touches. */
function meaning(view: View, { set, touches }: Change): string {
  const offload = view.catalog.labels.offload?.[String(set.offload ?? "")];
  return [offload?.replace(/ \([^)]*\)$/, ""), ...(touches ?? [])].filter(Boolean).join(" · ");
}

function Notes({ report, said }: { report: Report; said: Said }) {
  const warnings = said.warnings.filter((_, place) => !OF_TRAINING.includes(report.warnings[place]?.id));
  return (
    <section class="notes">
      {warnings.length > 0 && (
        <>
          <h3>{t("Note")}</h3>
          <ul>
            {warnings.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </>
      )}
      <details>
        <summary>{t("Assumptions")}</summary>
        <ul>
          {said.assumptions.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      </details>
    </section>
  );
}

/** What is refused, with the nearest valid choice as a button. */
export function Error({ view }: { view: View }) {
  const { error, change } = view;
  const refused = error instanceof Refused ? error : null;
  return (
    <section class="refused" role="alert">
      <p>{error?.message || t("The server does not answer.")}</p>
      {refused?.nearest && refused.flag && (
        <button type="button" onClick={() => change({ [refused.flag]: refused.nearest })}>
          {t("Take {choice}", { choice: refused.nearest })}
        </button>
      )}
    </section>
  );
}

