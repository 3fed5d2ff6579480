// The figures at the head of an answer: each a button that opens its explanation.
import type { View } from "../view";

/** What makes a tile of a title, the place of its number in the report, the number as text, and a note. */
export function tiles(view: View) {
  return (title: string, path: string, value: string, note: string) => (
    <li key={path}>
      <button type="button" onClick={() => view.explain(path, title)}>
        <span class="title">{title}</span>
        <b>{value}</b>
        <small>{note}</small>
      </button>
    </li>
  );
}
