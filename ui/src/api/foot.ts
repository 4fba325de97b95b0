// What stands at the foot of the rail: whether rules are at work and events flow.

import { useQuery } from "@tanstack/react-query";
import { t } from "../strings/en";
import { grouped, rate } from "../lib/format";
import { duration } from "../lib/time";
import { get } from "./client";
import { useRules } from "./names";

/** Who sends events; asked again now and then. */
export function useSources() {
  return useQuery({
    queryKey: ["sources"],
    queryFn: ({ signal }) => get("/api/v1/sources", { signal }),
    refetchInterval: 15_000,
  });
}

/** The lines. */
export function useFoot(): readonly string[] {
  const { data: rules } = useRules();
  const { data: sources } = useSources();
  const lines: string[] = [];
  if (rules) {
    const inert = rules.items.filter((rule) => rule.inert).length;
    lines.push(t.foot.rules(grouped(rules.items.length), grouped(inert)));
  }
  if (sources && sources.length > 0) {
    const sum = sources.reduce((total, source) => total + source.rate, 0);
    const lags = sources.flatMap(({ lag_seconds, rate: now }) => (lag_seconds != null && now > 0 ? [lag_seconds] : []));
    lines.push(t.foot.flow(rate(sum), lags.length > 0 ? duration(Math.max(...lags) * 1000) : "—"));
  }
  return lines;
}
