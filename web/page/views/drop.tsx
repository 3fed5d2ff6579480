// A file put on the page becomes the question: a configuration, a header, a workflow, an out-of-memory message.
import { useEffect, useRef, useState } from "preact/hooks";
import type { View } from "../view";
import type { Asked, Tab } from "../types";
import { t } from "../words";

const MOST = 8 * 2 ** 20; // byte; of a longer file only the head is sent, where its header stands

export function Drop({ view, onRead }: { view: View; onRead: (asked: Asked, tab: Tab) => void }) {
  const [over, setOver] = useState(false);
  const [said, setSaid] = useState("");
  const chosen = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined | null) => {
    if (!file) return;
    try {
      const content = await file.slice(0, MOST).arrayBuffer();
      const answer = await view.engine.read(file.name, content, view.lang);
      onRead(answer.asked, answer.command === "train" ? "train" : "generate");
      setSaid(answer.said ?? t("{file} was read.", { file: file.name }));
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  const known = useRef(take);
  known.current = take;
  useEffect(() => {
    const drag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(event.type === "dragover");
    };
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      setOver(false);
      void known.current(event.dataTransfer.files[0]);
    };
    addEventListener("dragover", drag);
    addEventListener("dragleave", drag);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", drag);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <footer class={`drop ${over ? "over" : ""}`}>
      <button type="button" class="quiet" onClick={() => chosen.current?.click()}>
        {t("Read a file")}
      </button>
      <input ref={chosen} type="file" hidden onChange={(event) => take(event.currentTarget.files?.[0])} />
      <span>{said || t("Drop a config, a header, a workflow or an out-of-memory message anywhere on the page.")}</span>
      <span class="hidden" role="status">
        {said}
      </span>
    </footer>
  );
}
