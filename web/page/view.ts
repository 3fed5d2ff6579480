// What each view is given: the question, its answer, and how to change either.
import type { Engine } from "./engine/engine";
import type { Asked, Catalog, Page, Value } from "./types";

/** A change of the question; a value of "" takes the setting back. `step`: one step of the browser's history. */
export type Change = (change: Record<string, Value>, step?: boolean) => void;

/** What each view gets. */
export interface View {
  engine: Engine;
  lang: string;
  asked: Asked;
  page: Page | null;
  /** Whether the whole answer to the question as it stands is there, and nobody drags. */
  settled: boolean;
  error: Error | null;
  change: Change;
  explain: (path: string, title: string) => void;
  beside: Asked[];
  put: (beside: Asked[]) => void;
  catalog: Catalog;
}
