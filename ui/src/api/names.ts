// What rules are called. Signals name their rule by its uid; people know its title.

import { useCallback, useMemo } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { get, type Schemas } from "./client";
import { useNews } from "./stream";

/** A rule as the list shows it. */
export type RuleRow = Schemas["RuleRow"];

/** All rules; one list serves every page. */
export function useRules() {
  const queries = useQueryClient();
  useNews(({ rules }) => {
    if (rules) void queries.invalidateQueries({ queryKey: ["rules"] });
  });
  return useQuery({ queryKey: ["rules"], queryFn: ({ signal }) => get("/api/v1/rules", { signal }), staleTime: 30_000 });
}

function useById(): ReadonlyMap<string, RuleRow> {
  const { data } = useRules();
  return useMemo(() => new Map(data?.items.map((rule) => [rule.uid, rule])), [data]);
}

/** A rule's title by its uid. */
export function useNameOf(): (uid: string) => string {
  const byId = useById();
  return useCallback((uid) => byId.get(uid)?.title ?? uid, [byId]);
}

/** A rule's level by its uid. */
export function useRuleLevel(): (uid: string) => string | undefined {
  const byId = useById();
  return useCallback((uid) => byId.get(uid)?.level ?? undefined, [byId]);
}

/** Uids and titles, for the palette. */
export function useRuleNames(): readonly { id: string; title: string }[] {
  const { data } = useRules();
  return useMemo(() => data?.items.map(({ uid, title }) => ({ id: uid, title })) ?? [], [data]);
}
