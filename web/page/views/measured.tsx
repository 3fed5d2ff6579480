// How right this is: the measured rows nearest to the question, ours beside theirs.
import type { Said } from "../types";
import { t } from "../words";

export function Rightness({ said }: { said: Said }) {
  const rows = said.measured;
  return (
    <section class="wide">
      <h3>{t("How right is this?")}</h3>
      {rows.length === 0 && <p class="dim">{t("Nothing near to this was measured by anyone yet.")}</p>}
      {rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("How right is this?")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("Measured nearby")}</th>
                <th scope="col" class="figure">
                  {t("predicted")}
                </th>
                <th scope="col" class="figure">
                  {t("measured")}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, place) => (
                <tr key={place}>
                  <th scope="row">
                    {row.what} <Source of={row.source} />
                  </th>
                  <td class="figure">{row.ours}</td>
                  <td class="figure">{row.theirs}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** Where a measurement was published. */
function Source({ of }: { of: string }) {
  const address = /https?:\/\/[^\s,;)]+/.exec(of)?.[0];
  if (!address) return null;
  return (
    <a href={address} rel="noreferrer">
      {t("source")}
    </a>
  );
}
