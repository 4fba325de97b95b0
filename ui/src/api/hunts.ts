// Hunts: what is ordered, how far it is, what it has found.

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, type Schemas } from "./client";
import { useNews } from "./stream";

/** A hunt. */
export type Hunt = Schemas["Hunt"];

/** Something that a hunt has found. */
export type Found = Schemas["HuntDetection"];

const AGAIN_MS = 2_000;

/** Whether it still goes on or waits to. */
export function isAlive({ state }: Hunt): boolean {
  return state === "waiting" || state === "running";
}

/** Asks again when the server says that hunts have changed. */
function useHuntNews(): void {
  const queries = useQueryClient();
  useNews(({ hunts }) => {
    if (hunts) void queries.invalidateQueries({ queryKey: ["hunts"] });
  });
}

/** All hunts, the newest first. While one goes on they are asked for again and again, for its progress. */
export function useHunts() {
  useHuntNews();
  return useQuery({
    queryKey: ["hunts", "list"],
    queryFn: ({ signal }) => get("/api/v1/hunts", { signal }),
    refetchInterval: ({ state }) => (state.data?.items.some(isAlive) ? AGAIN_MS : false),
  });
}

/** A hunt with its rules. */
export function useHunt(id: string) {
  useHuntNews();
  return useQuery({
    queryKey: ["hunts", "one", id],
    queryFn: ({ signal }) => get("/api/v1/hunts/{id}", { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data && isAlive(state.data.hunt) ? AGAIN_MS : false),
  });
}

/** What it has found, page by page. */
export function useFound({ id, state, detections }: Hunt, filter: Readonly<Record<string, string>>) {
  const query = new URLSearchParams({ ...filter, limit: "200" });
  return useInfiniteQuery({
    // What it has found is another answer while it goes on.
    queryKey: ["hunts", "found", id, state, detections, query.toString()],
    queryFn: ({ pageParam, signal }) => {
      const page = new URLSearchParams(query);
      if (pageParam !== undefined) page.set("cursor", pageParam);
      return get("/api/v1/hunts/{id}/detections", { params: { id }, query: page, signal });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Schemas["HuntDetectionPage"]) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** What is stored, and for how long. */
export function useStorage() {
  const queries = useQueryClient();
  useNews(({ storage }) => {
    if (storage) void queries.invalidateQueries({ queryKey: ["storage"] });
  });
  return useQuery({ queryKey: ["storage"], queryFn: ({ signal }) => get("/api/v1/storage", { signal }), refetchInterval: 30_000 });
}
