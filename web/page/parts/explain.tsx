// The dialog that opens from a number: its value, formula, digits, source and sureness, and what it is made of.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Engine } from "../engine/engine";
import { data, duration, energy, flop, money, whole } from "../numbers";
import type { Asked, Reason } from "../types";
import { n, t } from "../words";

interface Props {
  engine: Engine;
  asked: Asked;
  path: string;
  title: string;
  lang: string;
  onClose: () => void;
}

const SOME = 8;

export function Explain({ engine, asked, path, title, lang, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState<Reason | null>(null);
  const [failed, setFailed] = useState("");
  useEffect(() => {
    dialog.current?.showModal();
    engine.explain(asked, path, lang).then(setReason, (error) => setFailed(error.message));
  }, []);
  return (
    <dialog ref={dialog} class="explain" aria-labelledby="explained" onClose={onClose} onClick={outside}>
      <header>
        <h2 id="explained">{title}</h2>
        <button type="button" class="quiet" aria-label={t("Close")} onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </header>
      {failed && <p class="refused">{failed}</p>}
      {!failed && !reason && <p class="waiting">…</p>}
      {reason && <Why reason={reason} depth={0} />}
    </dialog>
  );
}

function outside(event: MouseEvent) {
  if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close();
}

function Why({ reason, depth }: { reason: Reason; depth: number }) {
  const [all, setAll] = useState(false);
  const parts = [...reason.parts].sort((one, other) => size(other) - size(one));
  const shown = all || depth === 0 ? parts : parts.slice(0, SOME);
  const times = reason.count > 1 ? `${whole(reason.count)} × ` : "";
  const value = typeof reason.value === "number" ? valued(reason.value, reason.unit) : String(reason.value);
  const body = (
    <div class="why">
      {reason.formula && reason.formula !== "sum" && (
        <p class="formula">
          <code>= {reason.formula}</code>
          {reason.digits && <code>= {reason.digits}</code>}
        </p>
      )}
      <p class="source">{[sure(reason.provenance), reason.note, reason.source].filter(Boolean).join(" · ")}</p>
      {shown.map((part, place) => (
        <Why key={`${part.id}${place}`} reason={part} depth={depth + 1} />
      ))}
      {shown.length < parts.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          {t("{count} smaller rows", { count: parts.length - shown.length })}
        </button>
      )}
    </div>
  );
  if (depth === 0) {
    return (
      <>
        <p class="value">{value}</p>
        {body}
      </>
    );
  }
  return (
    <details open={depth === 1 && parts.length > 0 && parts.length < 4}>
      <summary>
        <span>
          {times}
          {reason.id}
        </span>
        <b>{value}</b>
      </summary>
      {body}
    </details>
  );
}

function size(reason: Reason): number {
  return typeof reason.value === "number" ? reason.value * reason.count : 0;
}

function valued(value: number, unit: string): string {
  const ways: Record<string, (value: number) => string> = { FLOP: flop, B: data, byte: data, s: duration, J: energy };
  if (unit === "USD" || unit === "$") return money(value);
  return ways[unit]?.(value) ?? `${whole(value)} ${unit ?? ""}`.trim();
}

const SURE: Record<string, string> = { exact: n("exact"), measured: n("measured"), assumed: n("assumed"), estimate: n("estimate") };

function sure(provenance: string): string {
  return provenance ? t(SURE[provenance] ?? provenance) : "";
}
