// The data of the Signals page: the queue as it was when it was asked for, counts that follow live, and what is new.

import { useEffect, useMemo, useRef, useState } from "react";
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, type Schemas } from "../../api/client";
import { useNews } from "../../api/stream";
import { patchRows, type Signal } from "../../api/triage";
import { ends, FIELDS, filterQuery, fullQuery, type Look } from "../../lib/filter";
import { useNow } from "../../lib/hooks";
import { bucketWidth } from "../../lib/time";

const PAGE = 200;
const NEWS_WAIT_MS = 1200;
const FRESH_MAX = 200;
const GROUPS_MAX = 1000;
const NONE: readonly Schemas["FacetValue"][] = [];

/** The ends in time of a look, moving on while the page is live. */
export function useEnds(look: Look, isLive: boolean): { from: number; to: number } {
  const now = useNow(20_000);
  const [still, setStill] = useState(now);
  useEffect(() => {
    if (isLive) setStill(now);
  }, [now, isLive]);
  return useMemo(() => ends(look.stretch, isLive ? now : still), [JSON.stringify(look.stretch), isLive, now, still]);
}

/** The queue. It stays as it was asked for until `epoch` grows, so that no row moves under a cursor. */
export function useQueue(look: Look, epoch: number) {
  const key = `${filterQuery(look).toString()}|${JSON.stringify(look.stretch)}|${look.sort}`;
  const asked = useRef({ key: "", epoch: -1, at: 0 });
  if (asked.current.key !== key || asked.current.epoch !== epoch) asked.current = { key, epoch, at: Date.now() };
  // News of this very minute belong in: the end is rounded up.
  const query = fullQuery(look, ends(look.stretch, asked.current.at + 60_000));
  query.set("sort", look.sort);
  query.set("limit", String(PAGE));
  return useInfiniteQuery({
    queryKey: ["signals", "list", key, epoch],
    queryFn: ({ pageParam, signal }) => {
      const page = new URLSearchParams(query);
      if (pageParam) page.set("cursor", pageParam);
      return get("/api/v1/signals", { query: page, signal });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Schemas["SignalPage"]) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
  });
}

/** Counts over time and by field. */
export function useCounts(look: Look, { from, to }: { from: number; to: number }) {
  const width = bucketWidth(from, to);
  const query = fullQuery(look, { from, to });
  query.set("bucket", String(width / 1000));
  query.set("stack", look.stack);
  query.set("values", "8");
  for (const facet of FIELDS) query.append("facet", facet);
  const asked = useQuery({
    queryKey: ["signals", "summary", query.toString()],
    queryFn: ({ signal }) => get("/api/v1/signals/summary", { query, signal }),
    placeholderData: keepPreviousData,
  });
  return { ...asked, width, from: Math.floor(from / width) * width, to };
}

/** The rules of the queue with their counts, for grouping by them. */
export function useGroups(look: Look, span: { from: number; to: number }): readonly Schemas["FacetValue"][] {
  const query = fullQuery(look, span);
  query.set("facet", "rule");
  query.set("values", String(GROUPS_MAX));
  const { data } = useQuery({
    queryKey: ["signals", "summary", query.toString()],
    queryFn: ({ signal }) => get("/api/v1/signals/summary", { query, signal }),
    placeholderData: keepPreviousData,
    enabled: look.isGrouped,
  });
  return look.isGrouped ? (data?.facets[0]?.values ?? NONE) : NONE;
}

/** How many signals that fit the filter have come since the queue was asked for. Rows that are there change in place. */
export function useFresh(look: Look, epoch: number, isLive: boolean): number {
  const queries = useQueryClient();
  const [count, setCount] = useState(0);
  const known = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const query = filterQuery(look).toString();
  const asked = useRef(0);
  useEffect(() => {
    known.current.clear();
    asked.current = Date.now();
    setCount(0);
  }, [query, epoch, JSON.stringify(look.stretch)]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const settle = async (): Promise<void> => {
    timer.current = undefined;
    void queries.invalidateQueries({ queryKey: ["signals", "summary"] });
    if (known.current.size === 0) return;
    const page = await get("/api/v1/signals", { query: newest(query) });
    setCount(page.items.filter(({ id }) => known.current.has(id)).length);
  };
  useNews(({ signals, added, changed, is_partial }) => {
    if (!isLive || (added === 0 && changed === 0 && !is_partial)) return;
    const byId = new Map(signals.map((signal): [string, Signal] => [signal.id, signal]));
    const listed = patchRows(queries, (row) => byId.get(row.id) ?? row);
    for (const id of byId.keys()) {
      if (!listed.has(id) && added > 0) known.current.add(id);
      void queries.invalidateQueries({ queryKey: ["signal", id] });
    }
    timer.current ??= setTimeout(() => void settle().catch(() => undefined), NEWS_WAIT_MS);
  });
  return count;
}

function newest(query: string): URLSearchParams {
  const params = new URLSearchParams(query);
  params.set("sort", "newest");
  params.set("limit", String(FRESH_MAX));
  return params;
}
