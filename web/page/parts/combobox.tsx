// A field that searches a list while one types: arrow keys choose, Enter takes, Escape gives up.
import { useId, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../words";

export interface Entry {
  id: string;
  title: string;
  note: string;
  /** All that a search looks at, in small letters. */
  words: string;
}

const SHOWN = 60;

interface Props {
  label: string;
  value: string;
  entries: Entry[];
  onChange: (id: string) => void;
  placeholder?: string;
}

export function Combobox({ label, value, entries, onChange, placeholder }: Props) {
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const found = useMemo(() => (typed === null ? [] : search(entries, typed)), [entries, typed]);
  const open = typed !== null;
  const chosen = entries.find((each) => each.id === value);

  const close = () => setTyped(null);
  const take = (entry: Entry | undefined) => {
    const named = entry?.id ?? typed?.trim();
    if (named) onChange(named);
    close();
  };
  const move = (step: number) => {
    const place = (active + step + found.length) % Math.max(found.length, 1);
    setActive(place);
    list.current?.children[place]?.scrollIntoView({ block: "nearest" });
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) move(event.key === "ArrowDown" ? 1 : -1);
      else setTyped("");
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      take(found[active]);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
    }
  };

  return (
    <div class="field combobox">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && found[active] ? `${id}-${active}` : undefined}
        placeholder={chosen?.title ?? placeholder}
        value={typed ?? chosen?.title ?? value}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => open || setTyped("")}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={key}
        onBlur={close}
      />
      <ul id={`${id}-list`} ref={list} role="listbox" aria-label={label} hidden={!open} tabIndex={-1}>
        {found.map((entry, place) => (
          <li
            key={entry.id}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === active}
            class={entry.id === value ? "taken" : ""}
            onMouseDown={(event) => {
              event.preventDefault();
              take(entry);
            }}
            onMouseMove={() => setActive(place)}
          >
            <span>{entry.title}</span>
            <small>{entry.note}</small>
          </li>
        ))}
        {open && !found.length && (
          <li class="none" role="option" aria-selected={false} aria-disabled="true">
            {t("Nothing by this name")}
          </li>
        )}
      </ul>
    </div>
  );
}

/** The entries that hold every word typed, those that begin with it first. */
export function search(entries: Entry[], typed: string): Entry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((each) => words.every((word) => each.words.includes(word)));
  const first = words[0] ?? "";
  const begins = (each: Entry) => (each.id.startsWith(first) || each.words.startsWith(first) ? 0 : 1);
  return found.sort((one, other) => begins(one) - begins(other)).slice(0, SHOWN);
}
