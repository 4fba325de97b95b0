// What is done about signals: messages and blocks, with their settings.

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, type Schemas } from "./client";
import { useNews } from "./stream";

/** A block of an address, real or only written down. */
export type Block = Schemas["BlockRow"];

/** Where messages go. */
export type Channel = Schemas["ChannelRow"];

/** Which signals are told where. */
export type AlertRule = Schemas["AlertRuleRow"];

/** Signals that nobody is told of for a time. */
export type Silence = Schemas["SilenceRow"];

/** Which signals block whom. */
export type Policy = Schemas["PolicyRow"];

/** Conditions on a signal. */
export type Conditions = Schemas["Conditions"];

/** What holds for all blocks, and how it stands. */
export type Safety = Schemas["ResponseRow"];

/** All questions of this page begin with this word, so that one piece of news has all of them asked again. */
export const KEY = "respond";

const AGAIN_MS = 15_000;

/** Asks again when the server says that something of it has changed. */
export function useResponseNews(): void {
  const queries = useQueryClient();
  useNews(({ response }) => {
    if (response) void queries.invalidateQueries({ queryKey: [KEY] });
  });
}

/** Blocks, the newest first; those in a state, or all. */
export function useBlocks(state?: string) {
  return useQuery({
    queryKey: [KEY, "blocks", state ?? "all"],
    queryFn: ({ signal }) => get("/api/v1/blocks", { query: { state, limit: 500 }, signal }),
    refetchInterval: AGAIN_MS,
  });
}

/** What holds for all blocks. */
export function useSafety() {
  return useQuery({ queryKey: [KEY, "safety"], queryFn: ({ signal }) => get("/api/v1/response", { signal }), refetchInterval: AGAIN_MS });
}

/** The policies. */
export function usePolicies() {
  return useQuery({ queryKey: [KEY, "policies"], queryFn: ({ signal }) => get("/api/v1/response/policies", { signal }) });
}

/** The channels. */
export function useChannels() {
  return useQuery({ queryKey: [KEY, "channels"], queryFn: ({ signal }) => get("/api/v1/channels", { signal }), refetchInterval: AGAIN_MS });
}

/** The alert rules. */
export function useAlertRules() {
  return useQuery({ queryKey: [KEY, "rules"], queryFn: ({ signal }) => get("/api/v1/alert-rules", { signal }) });
}

/** The silences, also those that are over. */
export function useSilences() {
  return useQuery({ queryKey: [KEY, "silences"], queryFn: ({ signal }) => get("/api/v1/silences", { signal }), refetchInterval: 60_000 });
}

/** Messages, the newest first. */
export function useDeliveries(filter: Readonly<Record<string, string | undefined>>) {
  return useInfiniteQuery({
    queryKey: [KEY, "deliveries", filter],
    queryFn: ({ pageParam, signal }) => get("/api/v1/deliveries", { query: { ...filter, cursor: pageParam, limit: 100 }, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last: Schemas["DeliveryList"]) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN_MS,
  });
}

/** What a signal causes. */
export function useSignalResponse(id: string) {
  return useQuery({
    queryKey: [KEY, "signal", id],
    queryFn: ({ signal }) => get("/api/v1/signals/{id}/response", { params: { id }, signal }),
    staleTime: 15_000,
  });
}
