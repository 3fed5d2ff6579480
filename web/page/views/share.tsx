// Taking the answer along: the address, the command, code, JSON; the picture and the numbers as files.
import { useEffect, useRef, useState } from "preact/hooks";
import type { View } from "../view";
import { command } from "../command";
import { taken } from "../engine/form";
import { copy, save } from "../parts/copy";
import { csv, generated, picture, png } from "../picture";
import type { Tab } from "../types";
import { t } from "../words";
import { trained } from "./train";

export function Share({ view, tab }: { view: View; tab: Tab }) {
  const [open, setOpen] = useState(false);
  const [said, setSaid] = useState("");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => box.current?.contains(event.target as Node) || setOpen(false);
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);

  const name = tab === "train" ? "train" : "estimate";
  const asked = taken(view.asked, view.catalog.flags[name]);
  const code = { ...asked, how: name === "train" ? String(asked.trainer ?? "diffusers") : "diffusers", code: true };
  const stem = `vidcalc-${String(asked.model ?? "model")}`;
  const answer = () => view.engine.answer(name, asked, view.lang);
  const sheet = async () => (name === "train" ? trained(await answer()) : generated(view.page!));
  const drawn = async () => picture(await sheet());
  const ways: [string, () => Promise<unknown> | void, boolean][] = [
    [t("Copy link"), () => copy(location.href), true],
    [t("Copy as command"), () => copy(command(name, asked)), true],
    [t("Copy as diffusers code"), async () => copy((await view.engine.answer(name, code, view.lang)).lines.join("\n")), true],
    [t("Copy as JSON"), async () => copy(JSON.stringify(await answer(), null, 1)), true],
    [t("Download SVG"), async () => save(`${stem}.svg`, new Blob([await drawn()], { type: "image/svg+xml" })), false],
    [t("Download PNG"), async () => save(`${stem}.png`, await png(await drawn())), false],
    [t("Download CSV"), async () => save(`${stem}.csv`, new Blob([csv(await sheet())], { type: "text/csv" })), false],
  ];
  const run = async (does: () => Promise<unknown> | void, copied: boolean) => {
    setSaid("");
    try {
      await does();
      setSaid(copied ? t("Copied.") : t("Saved."));
    } catch (error) {
      setSaid((error as Error).message);
    }
    setTimeout(() => setSaid(""), 4000);
  };
  return (
    <div
      class="share"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        setOpen(false);
        box.current?.querySelector("button")?.focus();
      }}
    >
      <button type="button" class="quiet" aria-expanded={open} aria-controls="share" onClick={() => setOpen(!open)}>
        {t("Share")}
      </button>
      <div id="share" class="menu" hidden={!open}>
        {ways.map(([label, does, copied]) => (
          <button key={label} type="button" disabled={name === "estimate" && !view.page} onClick={() => run(does, copied)}>
            {label}
          </button>
        ))}
        <p role="status">{said}</p>
      </div>
    </div>
  );
}
