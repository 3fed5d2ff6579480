// The question: model, clip, card, and how it runs. What nobody set shows what stands in its place.
import { useMemo } from "preact/hooks";
import type { View } from "../view";
import { count, data, duration } from "../numbers";
import { Combobox, type Entry } from "../parts/combobox";
import { Pick, Sizes, Slider, Typed } from "../parts/fields";
import type { Asked, Choice, Flag, Report, Tab } from "../types";
import { t } from "../words";
import { More } from "./more";

const COUNTS = [1, 2, 4, 8, 16, 32, 64];
const MEMORY = ["16GB", "32GB", "64GB", "96GB", "128GB", "192GB", "256GB", "512GB"];
const NAMED = ["480p", "720p", "1080p"];
/** What most people choose of settings that take more than words. */
const USUAL: Record<string, string[]> = {
  checkpointing: ["none", "full", "attention", "matmul", "offload"],
};
const OF_A_CLIP = ["resolution", "frames", "steps", "preset", "guidance", "seconds", "fps"];

export function Form({ view, tab }: { view: View; tab: Tab }) {
  const { asked, change, catalog, page } = view;
  const models = useMemo(() => catalog.models.map(modelEntry), [catalog]);
  const gpus = useMemo(() => catalog.gpus.map(gpuEntry), [catalog]);
  const model = catalog.models.find((each) => each.id === asked.model || each.aliases.includes(String(asked.model)));
  const report = page?.report;
  const frames = Number(asked.frames ?? report?.workload.frames ?? model?.frames ?? 81);
  const steps = Number(asked.steps ?? report?.workload.steps ?? model?.steps ?? 30);
  const width = report?.workload.width ?? model?.width;
  const height = report?.workload.height ?? model?.height;
  const fps = report?.workload.fps;
  const plan = report?.plan ?? {};
  return (
    <form class="question" aria-label={t("The question")} onSubmit={(event) => event.preventDefault()}>
      <Combobox
        label={t("Model")}
        value={model?.id ?? String(asked.model ?? "")}
        entries={models}
        onChange={(id) => change({ ...without(OF_A_CLIP, asked), model: id, params: "" })}
      />
      <Sizes
        value={width ? `${width}×${height}` : ""}
        own={model ? `${model.width}×${model.height}` : t("the model's")}
        names={NAMED}
        asked={String(asked.resolution ?? "")}
        onChange={(size) => change({ resolution: size })}
      />
      <Slider
        label={t("Frames")}
        value={frames}
        min={model?.frames_offset ?? 1}
        max={Math.max(3 * (model?.frames ?? 81), 161)}
        step={model?.frames_step ?? 1}
        note={fps ? duration(frames / fps) : undefined}
        onChange={(value, done) => change({ frames: String(value), seconds: "" }, done)}
      />
      {tab !== "train" && (
        <Slider
          label={t("Steps")}
          value={steps}
          min={1}
          max={100}
          step={1}
          onChange={(value, done) => change({ steps: String(value) }, done)}
        />
      )}
      <div class="pair">
        <Combobox
          label={t("GPU")}
          value={gpuOf(catalog.gpus, asked, report)}
          entries={gpus}
          onChange={(id) => change({ gpu: id })}
        />
        <Pick
          label={t("How many")}
          value={String(asked.gpus ?? report?.hardware.count ?? 1)}
          choices={COUNTS.map((each) => plainly(String(each)))}
          onChange={(value) => change({ gpus: value === "1" ? "" : value })}
        />
      </div>
      {tab === "train" ? <OfTraining view={view} /> : <OfGenerating view={view} plan={plan} />}
      <More view={view} tab={tab} />
    </form>
  );
}

function OfGenerating({ view, plan }: { view: View; plan: Record<string, unknown> }) {
  const { asked, change, catalog } = view;
  const pick = (name: string, label: string, stands?: unknown) => {
    const flag = catalog.flags.estimate?.find((each) => each.name === name);
    const value = String(asked[name] ?? stands ?? "");
    const choices = choicesOf(name, flag, catalog, String(plan.framework ?? ""));
    if (!choices.length) {
      return (
        <label class="field">
          <span>{label}</span>
          <Typed value={value} onChange={(text) => change({ [name]: text })} />
        </label>
      );
    }
    const set = (chosen: string) => change({ [name]: chosen });
    return <Pick label={label} value={value} choices={choices} help={flag?.help} onChange={set} />;
  };
  return (
    <div class="pairs">
      {pick("framework", t("Framework"), plan.framework)}
      {pick("precision", t("Precision"), plan.precision)}
      {pick("offload", t("Offload"), plan.offload)}
      {pick("vae_tiling", t("VAE tiling"), plan.vae_tiling)}
      <HostRam view={view} />
    </div>
  );
}

function OfTraining({ view }: { view: View }) {
  const { asked, change, catalog } = view;
  const flag = (name: string): Flag | undefined => catalog.flags.train?.find((each) => each.name === name);
  const offered = (name: string) => flag(name)?.choices.concat((USUAL[name] ?? []).map(plainly)) ?? [];
  const pick = (name: string, label: string, standard: string) => (
    <Pick
      label={label}
      value={String(asked[name] ?? standard)}
      choices={name === "trainer" ? [plainly("none"), ...catalog.trainers] : offered(name)}
      help={flag(name)?.help}
      onChange={(chosen) => change({ [name]: chosen === standard ? "" : chosen })}
    />
  );
  return (
    <div class="pairs">
      {pick("mode", t("What is trained"), "full")}
      {pick("trainer", t("Trainer"), "none")}
      {pick("checkpointing", t("Checkpointing"), "none")}
      {pick("optimizer", t("Optimizer"), "adamw")}
      <Amount view={view} name="train_steps" label={t("Training steps")} standard="1000" />
      <Amount view={view} name="batch_size" label={t("Batch size")} standard="1" />
      <HostRam view={view} />
    </div>
  );
}

function Amount({ view, name, label, standard }: { view: View; name: string; label: string; standard: string }) {
  const value = String(view.asked[name] ?? standard);
  return (
    <label class="field">
      <span>{label}</span>
      <Typed value={value} mode="numeric" onChange={(text) => view.change({ [name]: text === standard ? "" : text })} />
    </label>
  );
}

function HostRam({ view }: { view: View }) {
  const any = { value: "", label: t("any amount") };
  return (
    <Pick
      label={t("Host RAM")}
      value={String(view.asked.host_ram ?? "")}
      choices={[any, ...MEMORY.map((each) => plainly(each))]}
      onChange={(value) => view.change({ host_ram: value })}
    />
  );
}

/** What a setting may be: the words of the framework that runs the model, else those of the flag. */
function choicesOf(name: string, flag: Flag | undefined, catalog: View["catalog"], framework: string): Choice[] {
  if (name === "framework") return catalog.frameworks.map((each) => ({ value: each.id, label: each.title }));
  const offered = catalog.frameworks.find((each) => each.id === framework)?.offers[name];
  const labels = catalog.labels[name] ?? {};
  const short = (value: string) => (labels[value] && labels[value].length < 30 ? labels[value] : value);
  const plain = (offered ?? flag?.choices.map((each) => each.value) ?? []).filter((value) => !value.includes(":"));
  return plain.map((value) => ({ value, label: name === "offload" ? value : short(value) }));
}

function without(names: string[], asked: Asked): Record<string, string> {
  return Object.fromEntries(names.filter((name) => name in asked).map((name) => [name, ""]));
}

function plainly(value: string): Choice {
  return { value, label: value };
}

function gpuOf(gpus: { id: string }[], asked: Asked, report: Report): string {
  const named = String(asked.gpu ?? "");
  if (gpus.some((each) => each.id === named) || named.includes(",")) return named;
  return report?.hardware.accelerator ?? named;
}

function modelEntry(model: View["catalog"]["models"][number]): Entry {
  const words = [model.id, model.title, model.family, model.task, ...model.aliases].join(" ").toLowerCase();
  return { id: model.id, title: model.title, note: `${model.task} · ${count(model.params)}`, words };
}

function gpuEntry(gpu: View["catalog"]["gpus"][number]): Entry {
  const title = gpu.title.replace(/^NVIDIA (GeForce )?/, "");
  return { id: gpu.id, title, note: data(gpu.memory), words: `${gpu.id} ${gpu.title}`.toLowerCase() };
}

