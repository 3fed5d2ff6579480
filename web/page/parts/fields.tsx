// The small controls of the form: a slider with its number, a list of choices, a row of sizes.
import { useEffect, useId, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Choice } from "../types";
import { t } from "../words";

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  note?: string;
  /** `done`: the hand has let go, which is one step of the history. */
  onChange: (value: number, done: boolean) => void;
}

export function Slider({ label, value, min, max, step, note, onChange }: SliderProps) {
  const id = useId();
  const top = Math.max(max, value);
  return (
    <div class="field slider">
      <label for={id}>
        {label} {note && <small>{note}</small>}
      </label>
      <Typed id={id} value={String(value)} mode="numeric" onChange={(text) => Number(text) > 0 && onChange(Number(text), true)} />
      <input
        type="range"
        aria-label={label}
        aria-valuetext={note ? `${value}, ${note}` : String(value)}
        min={min}
        max={top}
        step={step}
        value={value}
        onInput={(event) => onChange(Number(event.currentTarget.value), false)}
        onChange={(event) => onChange(Number(event.currentTarget.value), true)}
      />
    </div>
  );
}

interface TypedProps {
  id?: string;
  label?: string;
  value: string;
  mode?: "numeric" | "text";
  placeholder?: string;
  onChange: (text: string) => void;
}

/** A text field that speaks once its text is finished: Enter, or the field is left. */
export function Typed({ id, label, value, mode = "text", placeholder, onChange }: TypedProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const end = () => text !== value && onChange(text.trim());
  return (
    <input
      id={id}
      aria-label={label}
      type="text"
      inputMode={mode}
      spellcheck={false}
      autocomplete="off"
      value={text}
      placeholder={placeholder}
      onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Enter" && end()}
      onBlur={end}
    />
  );
}

interface PickProps {
  label: string;
  value: string;
  choices: Choice[];
  help?: string;
  onChange: (value: string) => void;
}

export function Pick({ label, value, choices, help, onChange }: PickProps) {
  const id = useId();
  const known = choices.some((each) => each.value === value);
  return (
    <div class="field" title={help}>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {!known && <option value={value}>{value}</option>}
        {choices.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface SizesProps {
  /** "832×480" as it stands. */
  value: string;
  own: string;
  names: string[];
  asked: string;
  onChange: (size: string) => void;
}

/** The model's own size, the sizes by name, and any other. */
export function Sizes({ value, own, names, asked, onChange }: SizesProps) {
  const id = useId();
  return (
    <fieldset class="field sizes">
      <legend class="hidden">{t("Size")}</legend>
      <label for={id}>
        {t("Size")} <span class="hidden">{t("Width × height")}</span>
      </label>
      <Typed id={id} value={value} onChange={(text) => onChange(text.replace(/\s/g, "").replace(/[×*]/, "x"))} />
      <div class="chips">
        <Chip on={!asked} onClick={() => onChange("")}>
          {own}
        </Chip>
        {names.map((name) => (
          <Chip key={name} on={asked === name} onClick={() => onChange(name)}>
            {name}
          </Chip>
        ))}
      </div>
    </fieldset>
  );
}

function Chip({ on, onClick, children }: { on: boolean; onClick: () => void; children: ComponentChildren }) {
  return (
    <button type="button" class="chip" aria-pressed={on} onClick={onClick}>
      {children}
    </button>
  );
}
