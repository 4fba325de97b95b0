// Nothing fits the filter: the ways on.

import type { Look } from "../../lib/filter";
import { Empty } from "../../parts/states";
import { t } from "../../strings/en";

/** The empty queue. */
export function Nothing({ look, set }: { look: Look; set: (next: Partial<Look>, push?: boolean) => void }) {
  const isFiltered = look.text !== "" || look.terms.length > 0;
  return (
    <Empty title={t.signals.empty}>
      <p>{t.signals.emptyText}</p>
      <div className="row">
        {isFiltered && (
          <button className="btn" onClick={() => set({ terms: [], text: "", open: undefined }, true)}>
            {t.signals.clear}
          </button>
        )}
        <button className="btn" onClick={() => set({ stretch: { last: "30d" }, open: undefined }, true)}>
          {t.signals.wider}
        </button>
      </div>
    </Empty>
  );
}
