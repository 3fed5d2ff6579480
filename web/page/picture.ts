// The bars of memory by stage as a picture of its own, and the answer's numbers as a table: of a generation, or a run.
import { data, duration } from "./numbers";
import type { Page } from "./types";
import { t } from "./words";

const FILL = { weights: "#14607f", states: "#7a5ea8", activations: "#e3a12f", other: "#8d8d8d" };
type Kind = keyof typeof FILL;
const WIDE = 760;
const LABEL = 150;
const NUMBER = 90;
const ROW = 34;

/** A stage: bytes by kind; and where time is told by stage, its seconds. */
export interface Stage {
  id: string;
  label: string;
  bytes?: Partial<Record<Kind, number>>;
  total?: number;
  seconds?: number;
}

/** What is taken along of an answer. */
export interface Sheet {
  title: string;
  verdict: string;
  kinds: Kind[];
  stages: Stage[];
  capacity: number;
  peak: number;
  seconds: number;
}

/** The sheet of a generation. */
export function generated({ report, said }: Page): Sheet {
  const { stages, capacity, peak } = report.memory.inference;
  const time = report.time.inference;
  return {
    title: `${report.model.title} · ${report.hardware.name}`,
    verdict: said.verdict,
    kinds: ["weights", "activations", "other"],
    stages: stages.map(({ id, total, ...bytes }: { id: string; total: number }) => ({
      id,
      label: said.stages[id] ?? id,
      bytes,
      total,
      seconds: time[id],
    })),
    capacity,
    peak,
    seconds: time.total,
  };
}

/** SVG of the bars, with the card's line; it needs no style sheet. */
export function picture({ title, verdict, kinds, stages: all, capacity }: Sheet): string {
  const stages = all.filter((stage) => stage.bytes);
  const end = 1.04 * Math.max(capacity, ...stages.map((stage) => stage.total ?? 0));
  const room = WIDE - LABEL - NUMBER - 32;
  const px = (bytes: number) => Math.round((room * bytes * 10) / end) / 10;
  const rows = stages.map((stage, place) => {
    const y = 74 + place * ROW;
    let x = LABEL;
    const bars = kinds.map((kind) => {
      const width = px(stage.bytes?.[kind] ?? 0);
      const bar = `<rect x="${x}" y="${y}" width="${width}" height="20" fill="${FILL[kind]}"/>`;
      x += width;
      return bar;
    });
    const label = escaped(stage.label);
    const total = data(stage.total ?? 0);
    return (
      `<text x="${LABEL - 10}" y="${y + 15}" text-anchor="end">${label}</text>${bars.join("")}` +
      `<text x="${WIDE - 16}" y="${y + 15}" text-anchor="end">${total}</text>`
    );
  });
  const high = 74 + stages.length * ROW + 34;
  const at = LABEL + px(capacity);
  const line = `<line x1="${at}" x2="${at}" y1="66" y2="${high - 34}" stroke="#b3261e" stroke-width="2" stroke-dasharray="6 4"/>`;
  const limit = escaped(t("GPU memory {size}", { size: data(capacity) }));
  const head = escaped(title);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDE}" height="${high}" viewBox="0 0 ${WIDE} ${high}" ` +
    `font-family="system-ui, sans-serif" font-size="13" fill="#1b1f23"><rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="16" y="26" font-size="16" font-weight="600">${head}</text><text x="16" y="48">${escaped(verdict)}</text>` +
    `${rows.join("")}${line}<text x="${at}" y="${high - 14}" text-anchor="middle" fill="#b3261e">${limit}</text></svg>`
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** The picture as PNG, twice as sharp. */
export async function png(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * image.width;
  canvas.height = 2 * image.height;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("PNG"))), "image/png"));
}

/** Stage, bytes by kind, seconds: SI base units, as programs read them. */
export function csv({ kinds, stages, peak, seconds }: Sheet): string {
  const rows = stages.map(({ id, label, bytes, total, seconds: took }) => [id, label, ...kinds.map((kind) => bytes?.[kind]), total, took]);
  const head = ["stage", "label", ...kinds.map((kind) => `${kind}_bytes`), "total_bytes", "seconds"];
  const last = ["total", duration(seconds), ...kinds.map(() => ""), peak, seconds];
  return [head, ...rows, last].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

function cell(value: unknown): string {
  const text = String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
