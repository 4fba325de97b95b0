// Which stretch of time.

import { useState } from "react";
import { t } from "../strings/en";
import type { Stretch } from "../lib/filter";
import { type Span, SPANS, stamp } from "../lib/time";
import { Dialog } from "./dialog";
import { Menu } from "./menu";

function forInput(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}

/** The button with the spans, and a dialog for exact ends. */
export function TimePicker({ value, ends, set, spans }: {
  value: Stretch;
  ends: { from: number; to: number };
  set: (next: Stretch) => void;
  spans?: readonly Span[];
}) {
  const [exact, setExact] = useState(false);
  const names = spans ?? (Object.keys(SPANS) as Span[]);
  const items = names.map((span) => ({ label: t.span[span], run: () => set({ last: span }) }));
  const label = "last" in value ? t.span[value.last] : `${stamp(value.from).slice(5, 16)} – ${stamp(value.to).slice(5, 16)}`;
  return (
    <>
      <Menu
        items={[...items, { label: t.time.exact, run: () => setExact(true) }]}
        button={(open, isOpen) => (
          <button className="btn" aria-haspopup="menu" aria-expanded={isOpen} onClick={(event) => open(event.currentTarget)}>
            {label} <span aria-hidden="true">▾</span>
          </button>
        )}
      />
      {exact && <Exact ends={ends} set={set} close={() => setExact(false)} />}
    </>
  );
}

function Exact({ ends, set, close }: { ends: { from: number; to: number }; set: (next: Stretch) => void; close: () => void }) {
  const [from, setFrom] = useState(forInput(ends.from));
  const [to, setTo] = useState(forInput(ends.to));
  const chosen = { from: Date.parse(`${from}Z`), to: Date.parse(`${to}Z`) };
  const isGood = chosen.from < chosen.to;
  return (
    <Dialog title={t.time.exact} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isGood) return;
          set(chosen);
          close();
        }}
      >
        <div className="body">
          <label className="field">
            <span>{t.time.from}</span>
            <input className="input" type="datetime-local" step="1" value={from} onChange={(event) => setFrom(event.target.value)} required />
          </label>
          <label className="field">
            <span>{t.time.to}</span>
            <input className="input" type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} required />
          </label>
        </div>
        <footer>
          <button className="btn primary" disabled={!isGood}>
            {t.apply}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
