// Numbers as people read them, the same as on the terminal: SI base units become GiB, PFLOP, minutes and dollars.

import { t } from "./words";

const SI = ["", "k", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q"];
const COUNTS = ["", "K", "M", "B", "T"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
export const GIB = 2 ** 30;

/** A number with three significant digits, thousands separated. */
export function significant(value: number, digits = 3): string {
  if (!value) return "0";
  const size = Math.abs(Number(value.toPrecision(digits)));
  const places = Math.min(Math.max(digits - 1 - Math.floor(Math.log10(size)), 0), 12);
  return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

function scaled(value: number, step: number, names: string[]): [string, string] {
  let place = 0;
  while (place + 1 < names.length && Math.abs(value) >= step - 0.5) {
    value /= step;
    place += 1;
  }
  return [significant(value), names[place] ?? ""];
}

export function data(bytes: number): string {
  const [number, unit] = scaled(bytes, 1024, BINARY);
  return unit === "B" ? `${Math.trunc(bytes)} B` : `${number} ${unit}`;
}

export function flop(value: number): string {
  const [number, prefix] = scaled(value, 1000, SI);
  return `${number} ${prefix}FLOP`;
}

export function count(value: number): string {
  return scaled(value, 1000, COUNTS).join("");
}

export function whole(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/** A time in its two largest units: "14 min 3 s", "2 h 5 min"; beyond two days in days. */
export function duration(seconds: number): string {
  if (seconds <= 0) return t("{seconds} s", { seconds: 0 });
  if (seconds < 1e-3) return `${significant(seconds * 1e6)} µs`;
  if (seconds < 1) return `${significant(seconds * 1e3)} ms`;
  if (seconds < 59.95) return t("{seconds} s", { seconds: significant(seconds) });
  if (seconds < 3599.5) {
    const whole = Math.round(seconds);
    return t("{minutes} min {seconds} s", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  }
  if (seconds < 172_770) {
    const minutes = Math.round(seconds / 60);
    return t("{hours} h {minutes} min", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
  }
  return t("{days} d", { days: significant(seconds / 86_400) });
}

export function money(dollars: number): string {
  if (!dollars) return "$0";
  const plain = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return dollars >= 1 && dollars < 1000 ? `$${dollars.toLocaleString("en-US", plain)}` : `$${significant(dollars)}`;
}

export function energy(joule: number): string {
  const [number, prefix] = scaled(joule / 3600, 1000, SI);
  return `${number} ${prefix}Wh`;
}

export function share(value: number): string {
  return value >= 0.0995 || !value ? `${(100 * value).toFixed(0)} %` : `${(100 * value).toFixed(1)} %`;
}

/** How much longer or shorter: "+3 min 5 s"; null for a difference not worth a figure. */
export function difference(seconds: number, from: number): string | null {
  const more = seconds - from;
  return Math.abs(more) < 0.005 * from ? null : (more > 0 ? "+" : "−") + duration(Math.abs(more));
}

/** Grams as they are weighed: "286 g", "1.20 kg". */
export function mass(grams: number): string {
  const [number, prefix] = scaled(grams, 1000, SI);
  return `${number} ${prefix}g`;
}

/** A number at an axis: "40 GiB", "10 min" without the zeros of its smaller unit. */
export function short(text: string): string {
  return text.replace(/\.0+(?=\D)/, "").replace(/ 0 ?(s|min|초|분)$/, "");
}
