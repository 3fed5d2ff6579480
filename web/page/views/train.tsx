// Training: whether it fits, memory through a step, where its time goes, the buckets, and which plan is best.
import { useState } from "preact/hooks";
import type { View } from "../view";
import { useAnswer } from "../ask";
import { replaced } from "../command";
import { taken } from "../engine/form";
import { count, data, duration, energy, flop, money, share } from "../numbers";
import { Bars, type Row } from "../parts/bars";
import { tiles } from "../parts/tile";
import { SHORT, Sign } from "../parts/verdict";
import type { Sheet } from "../picture";
import type { Report } from "../types";
import { n, t } from "../words";
import { Error } from "./generate";

const PHASES: Record<string, string> = {
  encode: n("Encoding"),
  forward_backward: n("Forward, backward"),
  optimizer_step: n("Optimizer step"),
  rollout: n("Rollout"),
  validation: n("Validation"),
};
const PARTS: Record<string, string> = {
  forward: n("Forward"),
  backward: n("Backward"),
  recompute: n("Recomputation"),
  vae_encode: n("VAE encoding"),
  text_encode: n("Text encoding"),
  optimizer: n("Optimizer"),
  communication: n("Communication"),
  transfer: n("Transfer"),
};

export function Train({ view }: { view: View }) {
  const { report, error } = useAnswer(view, "train");
  if (!report) return error ? <Error view={{ ...view, error }} /> : <p class="waiting">…</p>;
  const { memory } = report;
  return (
    <>
      {error && <Error view={{ ...view, error }} />}
      <section class={`verdict ${memory.verdict}`} aria-live="polite">
        <Sign verdict={memory.verdict} />
        <div>
          <h2>{headline(memory)}</h2>
          <p>
            {`${report.model.title} · ${t("{count} trained", { count: count(report.run.trained) })} · `}
            {`${report.hardware.count} × ${report.hardware.name}`}
          </p>
        </div>
      </section>
      <Tiles report={report} view={view} />
      <div class="sections">
        <section class="wide">
          <h3>{t("GPU memory through a step")}</h3>
          <Bars rows={phases(report)} limit={memory.capacity} shown={data} />
        </section>
        <section>
          <h3>{t("Time of a step")}</h3>
          <Bars rows={parts(report)} shown={duration} />
        </section>
        <Buckets report={report} />
        <Plans view={view} />
      </div>
    </>
  );
}

function phases({ memory }: Report): Row[] {
  return memory.phases.map((phase: Report) => ({
    id: phase.id,
    label: t(PHASES[phase.id] ?? phase.id),
    total: phase.total,
    most: phase.id === memory.peak_phase,
    parts: [
      { kind: "weights", value: phase.weights + phase.vae + phase.encoders },
      { kind: "states", value: phase.optimizer + phase.gradients },
      { kind: "activations", value: phase.activations },
      { kind: "other", value: phase.other },
    ],
  }));
}

function parts({ time }: Report): Row[] {
  return Object.entries(PARTS)
    .filter(([id]) => time.parts[id] > 0)
    .map(([id, name]) => ({ id, label: t(name), total: time.parts[id], parts: [{ kind: "weights", value: time.parts[id] }] }));
}

/** What is taken along of a training run: memory by phase, then seconds of a step by part. */
export function trained(report: Report): Sheet {
  const { memory, time, model, hardware } = report;
  const bytes = (row: Row) => Object.fromEntries(row.parts.map(({ kind, value }) => [kind, value]));
  return {
    title: `${model.title} · ${hardware.count} × ${hardware.name} · ${t("Train")}`,
    verdict: headline(memory),
    kinds: ["weights", "states", "activations", "other"],
    stages: [
      ...phases(report).map((row) => ({ id: row.id, label: row.label, bytes: bytes(row), total: row.total })),
      ...parts(report).map((row) => ({ id: `step.${row.id}`, label: row.label, seconds: row.total })),
    ],
    capacity: memory.capacity,
    peak: memory.peak,
    seconds: time.total,
  };
}

function headline(memory: Report): string {
  const { margin, verdict } = memory;
  if (verdict === "too_big") return `${t(SHORT[verdict]!)}: ${t("{size} missing", { size: data(-margin) })}`;
  return `${t(SHORT[verdict] ?? verdict)}: ${t("{size} free", { size: data(margin) })}`;
}

function Tiles({ report, view }: { report: Report; view: View }) {
  const { memory, time, cost, run } = report;
  const tile = tiles(view);
  const steps = t("{count} a step", { count: duration(time.per_step) });
  return (
    <ul class="tiles">
      {tile(t("GPU memory"), "memory.peak", data(memory.peak), t("of {size}", { size: data(memory.capacity) }))}
      {tile(t("Time"), "time.total", duration(time.total), steps)}
      {tile(t("Cost"), "cost.likely", cost ? money(cost.likely) : "–", cost ? `${money(cost.low)} – ${money(cost.high)}` : t("no price known"))}
      {tile(t("Energy"), "energy.energy", report.energy ? energy(report.energy.energy) : "–", `MFU ${share(time.mfu)}`)}
      {tile(t("Work"), "run.flops", flop(run.flops), t("{count} samples", { count: count(run.samples) }))}
      {tile(t("Checkpoint"), "run.checkpoint", data(run.checkpoint), t("{size} on disk", { size: data(run.latents + run.texts) }))}
    </ul>
  );
}

function Buckets({ report }: { report: Report }) {
  return (
    <section>
      <h3>{t("Buckets")}</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("Buckets")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("Clip")}</th>
              <th scope="col" class="figure">{t("share")}</th>
              <th scope="col" class="figure">{t("batch")}</th>
              <th scope="col" class="figure">{t("peak")}</th>
              <th scope="col" class="figure">{t("step")}</th>
              <th scope="col" class="figure">MFU</th>
            </tr>
          </thead>
          <tbody>
            {report.buckets.map((bucket: Report) => (
              <tr key={`${bucket.width}${bucket.height}${bucket.frames}`}>
                <th scope="row">{`${bucket.width}×${bucket.height}×${bucket.frames}`}</th>
                <td class="figure">{share(bucket.share)}</td>
                <td class="figure">{`${bucket.batch} → ${bucket.global_batch}`}</td>
                <td class="figure">{data(bucket.peak)}</td>
                <td class="figure">{duration(bucket.seconds_per_step)}</td>
                <td class="figure">{share(bucket.mfu)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Every legal way to train on these cards, the best of them: asked for, since it takes a while. */
function Plans({ view }: { view: View }) {
  const [plans, setPlans] = useState<Report | null>(null);
  const [state, setState] = useState<"" | "busy" | string>("");
  const ask = () => {
    setState("busy");
    const question = taken(view.asked, view.catalog.flags.plan);
    view.engine.answer("plan", question, view.lang).then(
      (answer) => {
        setPlans(answer);
        setState("");
      },
      (error) => setState(error.message),
    );
  };
  const rows: Report[] = plans?.best ?? [];
  return (
    <section class="wide">
      <h3>
        {t("Best plans")}
        <button type="button" class="small" onClick={ask} disabled={state === "busy"}>
          {state === "busy" ? t("Searching …") : t("Search")}
        </button>
      </h3>
      {state && state !== "busy" && <p class="refused">{state}</p>}
      {rows.length > 0 && (
        <ul class="changes">
          {rows.slice(0, 6).map((row, place) => (
            <li key={place}>
              <button type="button" onClick={() => view.change(replaced(view, "plan", "train", row.command))}>
                <Sign verdict={row.verdict} />
                <code>{named(row)}</code>
                <span class="figure">{data(row.peak)}</span>
                <span class="figure">{duration(row.seconds)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A plan in words: how many GPUs share what, and the settings that are not off. */
function named({ gpus, degrees, words, batches }: Report): string {
  const shared = Object.entries<number>(degrees).filter(([, degree]) => degree > 1);
  const ways = shared.map(([name, degree]) => `${name.replace("_degree", "")}=${degree}`).join(",");
  const kept = ["sharding", "checkpointing", "recipe", "optimizer", "offload"].filter((name) => words[name] !== "none");
  return [`${gpus} GPUs`, ways, ...kept.map((name) => words[name]), `batch ${batches.join("+")}`].filter(Boolean).join(" · ");
}
