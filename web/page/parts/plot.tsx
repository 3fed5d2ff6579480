// One curve by uPlot: a line over a setting, a limit drawn in, a mark where the question stands.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { short } from "../numbers";

interface Props {
  title: string;
  along: number[];
  values: number[];
  limit?: number[];
  now?: number;
  /** Distances of ticks that read well; none: decimal ones. */
  steps?: number[];
  shown: (value: number) => string;
  onTake: (value: number) => void;
}

const HEIGHT = 190;

export function Plot(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const known = useRef(props);
  known.current = props;
  useEffect(() => {
    const element = box.current;
    if (!element || props.along.length < 2) return;
    const plot = new uPlot(options(element, known), dataOf(props), element);
    plot.over.addEventListener("click", () => {
      const place = plot.cursor.idx;
      const value = place == null ? undefined : known.current.along[place];
      if (value !== undefined) known.current.onTake(value);
    });
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    const light = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => plot.redraw();
    light.addEventListener("change", redraw);
    const themed = new MutationObserver(redraw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      watch.disconnect();
      themed.disconnect();
      light.removeEventListener("change", redraw);
      plot.destroy();
    };
  }, [props.title, props.along.join(), props.values.join(), props.limit?.join(), props.now]);
  return (
    <figure class="plot">
      <figcaption>{props.title}</figcaption>
      <div ref={box} class="canvas" role="img" aria-label={said(props)} />
    </figure>
  );
}

function dataOf({ along, values, limit }: Props): uPlot.AlignedData {
  return limit ? [along, values, limit] : [along, values];
}

function said({ title, along, values, shown }: Props): string {
  return `${title}: ${along.map((each, place) => `${each} ${shown(values[place] ?? 0)}`).join(", ")}`;
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(element: HTMLElement, known: { current: Props }): uPlot.Options {
  const { limit, steps, shown } = known.current;
  const ink = () => colour("--dim");
  const axis = { stroke: ink, grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, 1.1 * high] } },
    axes: [
      { ...axis, size: 28 },
      { ...axis, size: 74, incrs: steps, values: (_plot, ticks) => ticks.map((each) => (each ? short(shown(each)) : "0")) },
    ],
    series: [
      {},
      { stroke: () => colour("--weights"), width: 2.5, points: { show: true, size: 6, fill: () => colour("--weights") } },
      ...(limit ? [{ stroke: () => colour("--limit"), width: 2, dash: [6, 4], points: { show: false } }] : []),
    ],
    hooks: {
      draw: [
        (plot: uPlot) => {
          const { now } = known.current;
          if (now === undefined) return;
          const at = plot.valToPos(now, "x", true);
          if (at < plot.bbox.left || at > plot.bbox.left + plot.bbox.width) return;
          plot.ctx.save();
          plot.ctx.strokeStyle = colour("--dim");
          plot.ctx.lineWidth = devicePixelRatio;
          plot.ctx.beginPath();
          plot.ctx.moveTo(at, plot.bbox.top);
          plot.ctx.lineTo(at, plot.bbox.top + plot.bbox.height);
          plot.ctx.stroke();
          plot.ctx.restore();
        },
      ],
      setCursor: [
        (plot: uPlot) => {
          const place = plot.cursor.idx;
          const { along, values } = known.current;
          const value = place == null ? undefined : values[place];
          plot.root.title = value === undefined ? "" : `${along[place!]}: ${shown(value)}`;
        },
      ],
    },
  };
}
