// Filters with a name, kept on the server for everybody.

import { type FormEvent, useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { call, get, type Schemas } from "../../api/client";
import { useMay } from "../../api/session";
import { type Look, writeLook } from "../../lib/filter";
import { harmless } from "../../lib/text";
import { toast } from "../../lib/toasts";
import { Dialog } from "../../parts/dialog";
import { Menu } from "../../parts/menu";
import { t } from "../../strings/en";

type View = Schemas["SavedView"];

function useKeep(): (views: readonly View[]) => Promise<void> {
  const queries = useQueryClient();
  return async (views) => {
    await call("put", "/api/v1/views", [...views]);
    await queries.invalidateQueries({ queryKey: ["views"] });
  };
}

/** The button with the views of the Signals page. */
export function Views({ look }: { look: Look }) {
  const [, go] = useLocation();
  const may = useMay("triage");
  const { data = [] } = useQuery({ queryKey: ["views"], queryFn: ({ signal }) => get("/api/v1/views", { signal }), staleTime: 60_000 });
  const [isNaming, setNaming] = useState(false);
  const mine = data.filter(({ page }) => page === "signals");
  const items = mine.map((view) => ({ label: harmless(view.name), run: () => go(`/signals?${view.query}`) }));
  if (!may && items.length === 0) return null;
  return (
    <>
      <Menu
        items={may ? [...items, { label: t.views.save, run: () => setNaming(true) }] : items}
        button={(open, isOpen) => (
          <button className="btn" aria-haspopup="menu" aria-expanded={isOpen} onClick={(event) => open(event.currentTarget)}>
            {t.views.title} <span aria-hidden="true">▾</span>
          </button>
        )}
      />
      {isNaming && <Naming views={data} look={look} close={() => setNaming(false)} />}
    </>
  );
}

function Naming({ views, look, close }: { views: readonly View[]; look: Look; close: () => void }) {
  const keep = useKeep();
  const [isBusy, setBusy] = useState(false);
  const store = (next: readonly View[], told: string): void => {
    setBusy(true);
    keep(next).then(
      () => {
        close();
        toast(told);
      },
      (error: unknown) => {
        setBusy(false);
        toast(error instanceof Error ? error.message : String(error), { failed: true });
      },
    );
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    if (!name) return;
    // What is open now is nobody else's business.
    const query = writeLook({ ...look, open: undefined }).slice(1);
    const others = views.filter((view) => view.page !== "signals" || view.name !== name);
    store([...others, { name, page: "signals", query }], t.views.saved(name));
  };
  return (
    <Dialog title={t.views.save} close={close}>
      <form onSubmit={submit}>
        <div className="body">
          <label className="field">
            <span>{t.settings.name}</span>
            <input className="input" name="name" required maxLength={80} autoFocus />
          </label>
          {views
            .filter(({ page }) => page === "signals")
            .map((view) => (
              <div key={view.name} className="row">
                <span className="clip">{harmless(view.name)}</span>
                <button type="button" className="btn small push" disabled={isBusy} onClick={() => store(views.filter((one) => one !== view), t.views.removed(view.name))}>
                  {t.remove}
                </button>
              </div>
            ))}
        </div>
        <footer>
          <button className="btn primary" disabled={isBusy}>
            {t.save}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
