// The filter as one sees it: what is included and excluded as chips, a search for words behind them.

import { useEffect, useRef, useState } from "react";
import { t } from "../../strings/en";
import { type Field, type Look, withValue } from "../../lib/filter";
import { harmless } from "../../lib/text";
import { useKeys } from "../../lib/keys";
import { useSettled } from "../../lib/hooks";
import { useValueName } from "./facets";

/** The bar. */
export function QueryBar({ look, set }: { look: Look; set: (next: Partial<Look>) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(look.text);
  const settled = useSettled(text, 300);
  const name = useValueName();
  useEffect(() => setText(look.text), [look.text]);
  useEffect(() => {
    if (settled !== look.text && settled === text) set({ text: settled });
  }, [settled]);
  useKeys([{ keys: "/", label: t.keys.search, run: () => input.current?.focus(), hint: true }]);
  const drop = (field: Field, value: string): void => set({ terms: withValue(look.terms, field, value, "drop") });
  return (
    <div className="query">
      {look.terms.flatMap(({ field, values, isExcluded }) =>
        values.map((value) => (
          <button key={`${field} ${value}`} className={`chip ${isExcluded ? "not" : "on"}`} onClick={() => drop(field, value)} title={t.signals.drop}>
            {isExcluded ? "≠ " : ""}
            {t.field[field].toLowerCase()} <b>{harmless(name(field, value))}</b> <span aria-hidden="true">×</span>
          </button>
        )),
      )}
      <input
        ref={input}
        type="search"
        aria-label={t.keys.search}
        placeholder={t.signals.search}
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") set({ text });
        }}
      />
    </div>
  );
}
