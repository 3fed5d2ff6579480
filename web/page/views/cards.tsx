// Every card by the time and the cost of this question, as a scatter; what does not fit is hollow.
import { useEffect, useRef, useState } from "preact/hooks";
import type { View } from "../view";
import { taken } from "../engine/form";
import { written } from "../link";
import { duration, money, short } from "../numbers";
import { SHORT } from "../parts/verdict";
import { t } from "../words";

interface Point {
  id: string;
  title: string;
  seconds: number;
  cost: number;
  verdict: string;
}

const WIDE = 640;
const LEAST = 240;
const HIGH = 320;
const LEFT = 64;
const BOTTOM = 36;

export function Cards({ view }: { view: View }) {
  const [points, setPoints] = useState<Point[]>([]);
  const [active, setActive] = useState<Point | null>(null);
  const question = written(view.asked);
  useEffect(() => {
    const stop = new AbortController();
    const gpus = view.catalog.gpus.filter((gpu) => gpu.priced !== false);
    const asked = taken(view.asked, view.catalog.flags.estimate);
    const found: Point[] = [];
    const each = (place: number, report: any) => {
      const cost = report.cost?.inference.likely;
      if (!cost) return;
      const { seconds, verdict } = { seconds: report.time.inference.total, verdict: report.memory.inference.verdict };
      found.push({ id: gpus[place]!.id, title: gpus[place]!.title, seconds, cost, verdict });
      if (found.length % 8 === 0) setPoints([...found]);
    };
    const many = gpus.map((gpu) => ({ ...asked, gpu: gpu.id }));
    view.engine.batch("estimate", many, each, stop.signal).then(() => setPoints([...found]), () => undefined);
    return () => stop.abort();
  }, [question.replace(/gpu=[^&]*/, "")]);
  const here = active ?? points.find((point) => point.id === view.asked.gpu) ?? null;
  return (
    <section class="wide cards">
      <h3>{t("Every GPU with a known price: time and cost of this question")}</h3>
      {points.length > 1 ? (
        <Scatter points={points} here={here} onOver={setActive} onTake={(point) => view.change({ gpu: point.id })} />
      ) : (
        <p class="waiting">…</p>
      )}
      <p class="legend-line" aria-live="polite">
        {here ? `${here.title}: ${duration(here.seconds)}, ${money(here.cost)}, ${t(SHORT[here.verdict] ?? here.verdict)}` : t("● fits  ○ does not fit")}
      </p>
    </section>
  );
}

interface ScatterProps {
  points: Point[];
  here: Point | null;
  onOver: (point: Point | null) => void;
  onTake: (point: Point) => void;
}

function Scatter({ points, here, onOver, onTake }: ScatterProps) {
  const drawing = useRef<SVGSVGElement>(null);
  const [wide, setWide] = useState(WIDE); // as wide as there is room, so that letters keep their size
  useEffect(() => {
    const watch = new ResizeObserver(([found]) => found && setWide(Math.max(Math.round(found.contentRect.width), LEAST)));
    watch.observe(drawing.current!);
    return () => watch.disconnect();
  }, []);
  const x = scale(points.map((point) => point.seconds), LEFT, wide - 16, TIMES);
  const y = scale(points.map((point) => point.cost), HIGH - BOTTOM, 16, MONEY);
  return (
    <svg class="scatter" viewBox={`0 0 ${wide} ${HIGH}`} ref={drawing} role="group" aria-label={t("Every GPU with a known price: time and cost of this question")}>
      {x.ticks.map((tick) => (
        <g key={`x${tick}`}>
          <line class="grid" x1={x.at(tick)} x2={x.at(tick)} y1="10" y2={HIGH - BOTTOM} />
          <text x={x.at(tick)} y={HIGH - BOTTOM + 18} text-anchor="middle">
            {short(duration(tick))}
          </text>
        </g>
      ))}
      {y.ticks.map((tick) => (
        <g key={`y${tick}`}>
          <line class="grid" x1={LEFT} x2={wide - 16} y1={y.at(tick)} y2={y.at(tick)} />
          <text x={LEFT - 8} y={y.at(tick) + 4} text-anchor="end">
            {money(tick)}
          </text>
        </g>
      ))}
      {points.map((point) => (
        <circle
          key={point.id}
          class={`point ${point.verdict} ${point === here ? "here" : ""}`}
          cx={x.at(point.seconds)}
          cy={y.at(point.cost)}
          r={point === here ? 8 : 6}
          tabIndex={0}
          role="button"
          aria-label={`${point.title}: ${duration(point.seconds)}, ${money(point.cost)}, ${t(SHORT[point.verdict] ?? point.verdict)}`}
          onMouseEnter={() => onOver(point)}
          onMouseLeave={() => onOver(null)}
          onFocus={() => onOver(point)}
          onBlur={() => onOver(null)}
          onClick={() => onTake(point)}
          onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), onTake(point))}
        />
      ))}
    </svg>
  );
}

const TIMES = [0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10_800, 36_000, 86_400, 259_200, 864_000];
const MONEY = [-4, -3, -2, -1, 0, 1, 2, 3].flatMap((power) => [10 ** power, 3 * 10 ** power]);

/** A logarithmic scale with those ticks that fit. */
function scale(values: number[], from: number, to: number, steps: number[]) {
  const low = Math.log10(Math.min(...values) / 1.2);
  const high = Math.log10(Math.max(...values) * 1.2);
  const at = (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const ticks = steps.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  return { at, ticks: ticks.length > 6 ? ticks.filter((_, place) => place % 2 === 0) : ticks };
}
