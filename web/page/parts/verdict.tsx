// Whether it fits, in one line with a sign of its own shape.
import { n, t } from "../words";

const SIGNS: Record<string, string> = {
  fits: "M5 12.5l4.5 4.5L19 7.5",
  tight: "M12 5v9M12 18.2v.6",
  too_big: "M6.5 6.5l11 11M17.5 6.5l-11 11",
};

export function Sign({ verdict }: { verdict: string }) {
  return (
    <svg class={`sign ${verdict}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {verdict === "tight" ? <path d="M12 1.5L23 22H1z" /> : <circle cx="12" cy="12" r="11" />}
      <path class="stroke" d={SIGNS[verdict] ?? SIGNS.tight} />
    </svg>
  );
}

export const SHORT: Record<string, string> = { fits: n("fits"), tight: n("tight"), too_big: n("does not fit") };

/** "fits", "tight", "does not fit": as a word beside its sign. */
export function Short({ verdict }: { verdict: string }) {
  return (
    <span class={`short ${verdict}`}>
      <Sign verdict={verdict} /> {t(SHORT[verdict] ?? verdict)}
    </span>
  );
}
