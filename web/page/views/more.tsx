// Every other setting, by theme; what is set stands on top, each with a way to take it back.
import type { View } from "../view";
import { Pick, Typed } from "../parts/fields";
import type { Flag, Tab } from "../types";
import { t } from "../words";

const ABOVE = ["model", "resolution", "frames", "steps", "gpu", "gpus", "framework", "precision", "offload", "vae_tiling"];
const TRAINING = ["mode", "trainer", "checkpointing", "optimizer", "train_steps", "batch_size"];

export function More({ view, tab }: { view: View; tab: Tab }) {
  const { asked, change, catalog } = view;
  const above = new Set([...ABOVE, "host_ram", ...(tab === "train" ? TRAINING : [])]);
  const set = Object.keys(asked).filter((name) => !above.has(name));
  const rest = (catalog.flags[tab === "train" ? "train" : "estimate"] ?? []).filter((flag) => !above.has(flag.name));
  const themes = [...new Set(rest.map((flag) => flag.theme))];
  return (
    <>
      {set.length > 0 && (
        <ul class="set">
          {set.map((name) => (
            <li key={name}>
              <button type="button" class="chip" onClick={() => change({ [name]: "" })}>
                {`--${name.replaceAll("_", "-")} ${asked[name] === true ? "" : String(asked[name])}`}
                <span aria-hidden="true">✕</span>
                <span class="hidden">{t("take back")}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {rest.length > 0 && (
        <details class="more">
          <summary>{t("All settings")}</summary>
          {themes.map((theme) => (
            <fieldset key={theme}>
              <legend>{theme}</legend>
              {rest
                .filter((flag) => flag.theme === theme)
                .map((flag) => (
                  <One key={flag.name} flag={flag} view={view} />
                ))}
            </fieldset>
          ))}
        </details>
      )}
    </>
  );
}

function One({ flag, view }: { flag: Flag; view: View }) {
  const value = view.asked[flag.name];
  const label = `--${flag.name.replaceAll("_", "-")}`;
  const put = (text: string) => view.change({ [flag.name]: flag.many && text ? text.split(/\s+/) : text });
  if (flag.kind === "switch") {
    return (
      <label class="field switch" title={flag.help}>
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => view.change({ [flag.name]: event.currentTarget.checked ? true : "" })}
        />
        {label}
      </label>
    );
  }
  if (flag.kind === "choice") {
    const choices = [{ value: "", label: "–" }, ...flag.choices];
    return <Pick label={label} value={String(value ?? "")} choices={choices} help={flag.help} onChange={put} />;
  }
  return (
    <label class="field" title={flag.help}>
      <span>{label}</span>
      <Typed value={Array.isArray(value) ? value.join(" ") : String(value ?? "")} onChange={put} />
    </label>
  );
}
