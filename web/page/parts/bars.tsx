// Bars of what each stage holds, against the line of the card. Kinds differ in lightness and pattern, not in hue alone.
import { share } from "../numbers";
import { n, t } from "../words";

/** Kinds in the order they stand in a bar; `held`: what the allocator and the driver hold beyond tensors. */
const KINDS = {
  weights: n("weights"),
  states: n("states"),
  activations: n("activations"),
  other: n("other"),
  held: n("held by allocator and driver"),
};

export interface Part {
  kind: keyof typeof KINDS;
  value: number;
}

export interface Row {
  id: string;
  label: string;
  parts: Part[];
  total: number;
  most?: boolean;
}

const LINES = ["halo", "limit"]; // the line is seen on dark bars as well

interface Props {
  rows: Row[];
  /** The line: memory of the card. */
  limit?: number;
  shown: (value: number) => string;
  onRow?: (row: Row) => void;
}


export function Bars({ rows, limit, shown, onRow }: Props) {
  const end = 1.04 * Math.max(limit ?? 0, ...rows.map((row) => row.total), 1e-12);
  const per = (value: number) => `${(100 * value) / end}%`;
  return (
    <div class="bars">
      {rows.map((row) => {
        const over = limit !== undefined && row.total > limit;
        return (
          <div class={`bar ${row.most ? "most" : ""}`} key={row.id}>
            <span class="stage">{row.label}</span>
            <svg width="100%" height="26" role="img" aria-label={`${row.label}: ${said(row, shown)}`}>
              <rect class="track" width="100%" y="3" height="20" />
              {placed(row.parts).map(({ part, from }) => (
                <rect key={part.kind} class={`fill ${part.kind}`} x={per(from)} width={per(part.value)} y="3" height="20">
                  <title>{`${t(KINDS[part.kind])} ${shown(part.value)}`}</title>
                </rect>
              ))}
              {limit !== undefined && LINES.map((kind) => <line key={kind} class={kind} x1={per(limit)} x2={per(limit)} y1="0" y2="100%" />)}
            </svg>
            <button type="button" class={`number ${over ? "over" : ""}`} onClick={() => onRow?.(row)} disabled={!onRow}>
              {shown(row.total)}
              {over && <span class="hidden">{t("more than there is")}</span>}
            </button>
          </div>
        );
      })}
      {limit !== undefined && (
        <div class="bar axis">
          <span />
          <div class="mark">
            <span
              class={limit / end > 0.6 ? "left" : "right"}
              ref={(element) => element?.style.setProperty("--at", per(limit))}
            >
              {t("GPU memory {size}", { size: shown(limit) })}
            </span>
          </div>
          <span />
        </div>
      )}
      <Legend rows={rows} />
    </div>
  );
}

function Legend({ rows }: { rows: Row[] }) {
  const there = new Set(rows.flatMap((row) => row.parts.filter((part) => part.value > 0).map((part) => part.kind)));
  const kinds = (Object.keys(KINDS) as Part["kind"][]).filter((kind) => there.has(kind));
  if (kinds.length < 2) return null;
  return (
    <ul class="legend">
      {kinds.map((kind) => (
        <li key={kind}>
          <svg width="14" height="14" aria-hidden="true">
            <rect class={`fill ${kind}`} width="14" height="14" rx="2" />
          </svg>
          {t(KINDS[kind])}
        </li>
      ))}
    </ul>
  );
}

function placed(parts: Part[]): { part: Part; from: number }[] {
  let from = 0;
  return parts
    .filter((part) => part.value > 0)
    .map((part) => {
      const place = { part, from };
      from += part.value;
      return place;
    });
}

function said(row: Row, shown: (value: number) => string): string {
  const parts = row.parts.filter((part) => part.value > 0);
  const each = parts.map((part) => `${t(KINDS[part.kind])} ${shown(part.value)} (${share(part.value / row.total)})`);
  return [shown(row.total), ...(parts.length > 1 ? each : [])].join(", ");
}
