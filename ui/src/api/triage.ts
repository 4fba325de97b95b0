// What people make of signals: changes of one or many, always on a frozen selection with its exact count, and undone by the
// server, which leaves alone what others have changed since.

import { useCallback } from "react";
import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { t } from "../strings/en";
import { grouped } from "../lib/format";
import { toast } from "../lib/toasts";
import { call, type Schemas } from "./client";

/** A signal as lists show it. */
export type Signal = Schemas["Signal"];

/** What is changed. */
export type Change = Omit<Schemas["SignalChange"], "version">;

/** Which signals: some, or those of a filter. */
export type Target = { readonly ids: readonly string[] } | { readonly query: string };

type Pages = InfiniteData<Schemas["SignalPage"], string | undefined>;

/** Changes rows where they stand, in every list that shows them. Returns the ids of all rows there are. */
export function patchRows(queries: QueryClient, change: (signal: Signal) => Signal): ReadonlySet<string> {
  const seen = new Set<string>();
  queries.setQueriesData<Pages>({ queryKey: ["signals", "list"] }, (old) => {
    if (!old) return old;
    let isSame = true;
    const pages = old.pages.map((page) => {
      const items = page.items.map((item) => {
        seen.add(item.id);
        const next = change(item);
        if (next !== item) isSame = false;
        return next;
      });
      return { ...page, items };
    });
    return isSame ? old : { ...old, pages };
  });
  return seen;
}

function rows(queries: QueryClient): Map<string, Signal> {
  const out = new Map<string, Signal>();
  for (const [, data] of queries.getQueriesData<Pages>({ queryKey: ["signals", "list"] })) {
    for (const page of data?.pages ?? []) for (const item of page.items) out.set(item.id, item);
  }
  return out;
}

function changed(signal: Signal, change: Change): Signal {
  const verdict = change.status === undefined ? signal.verdict : (change.verdict ?? null);
  return {
    ...signal,
    status: change.status ?? signal.status,
    verdict: verdict ?? null,
    assignee: change.assignee === undefined ? (signal.assignee ?? null) : change.assignee,
  };
}

function told(change: Change, count: number): string {
  const words = t.act.done;
  const many = grouped(count);
  if (change.status === "closed") return words.closed(many, change.verdict ? t.verdict[change.verdict].long : "");
  if (change.status === "acknowledged") return words.acknowledged(many);
  if (change.status === "open") return words.open(many);
  if (change.assignee !== undefined) return words.assigned(many, change.assignee ?? t.act.nobody);
  return words.noted;
}

/** A function that changes signals, tells how many, and offers the way back. */
export function useTriage(): (target: Target, change: Change) => Promise<boolean> {
  const queries = useQueryClient();
  return useCallback(
    async (target, change) => {
      try {
        const body = "ids" in target ? { ids: [...target.ids] } : { query: target.query };
        const { selection } = await call("post", "/api/v1/selections", body);
        const done = await call("post", "/api/v1/selections/{selection}/changes", change, { params: { selection } });
        const ids = "ids" in target ? new Set(target.ids) : undefined;
        const before = rows(queries);
        const isMine = (signal: Signal): boolean => (ids ? ids.has(signal.id) : before.has(signal.id));
        patchRows(queries, (signal) => (isMine(signal) ? changed(signal, change) : signal));
        refresh(queries);
        toast(told(change, done.changed), { undo: () => void undo(queries, done.action, before, isMine) });
        return true;
      } catch (error) {
        toast(error instanceof Error ? error.message : String(error), { failed: true });
        return false;
      }
    },
    [queries],
  );
}

async function undo(
  queries: QueryClient,
  action: number,
  before: ReadonlyMap<string, Signal>,
  isMine: (signal: Signal) => boolean,
): Promise<void> {
  try {
    const { restored, skipped } = await call("post", "/api/v1/actions/{action}/undo", undefined, { params: { action } });
    if (skipped === 0) patchRows(queries, (signal) => (isMine(signal) ? (before.get(signal.id) ?? signal) : signal));
    else void queries.invalidateQueries({ queryKey: ["signals", "list"] });
    refresh(queries);
    toast(t.act.undone(grouped(restored), skipped));
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), { failed: true });
  }
}

// Counts and open signals follow; lists stay as they are, so that no row moves under anybody's cursor.
function refresh(queries: QueryClient): void {
  for (const queryKey of [["signals", "summary"], ["signal"], ["overview"]]) void queries.invalidateQueries({ queryKey });
}
