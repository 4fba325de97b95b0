// What the server tells by itself. One connection serves the whole page.

import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Schemas } from "./client";

/** A piece of news. */
export type News = Schemas["Changes"];

type Listener = (news: News) => void;

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
const AGAIN_MS = 5_000;
let source: EventSource | undefined;
let isUp = false;

function setUp(next: boolean): void {
  if (isUp === next) return;
  isUp = next;
  for (const watcher of watchers) watcher();
}

function start(): void {
  if (source || typeof EventSource === "undefined") return;
  const opened = new EventSource("/api/v1/stream");
  source = opened;
  opened.onopen = () => setUp(true);
  opened.onerror = () => {
    setUp(false);
    // The browser tries again by itself unless the server refused; a session may begin again meanwhile.
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    stop();
    setTimeout(() => listeners.size > 0 && start(), AGAIN_MS);
  };
  opened.addEventListener("changes", (event: MessageEvent<string>) => {
    const news = JSON.parse(event.data) as News;
    for (const listener of listeners) listener(news);
  });
}

function stop(): void {
  source?.close();
  source = undefined;
  setUp(false);
}

/** Hears news while a component stands. */
export function useNews(listener: Listener): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => {
    const mine: Listener = (news) => latest.current(news);
    listeners.add(mine);
    start();
    return () => {
      listeners.delete(mine);
      // Pages follow one another: the next one takes the connection over.
      setTimeout(() => listeners.size === 0 && stop(), 1000);
    };
  }, []);
}

/** Whether the server can be heard. */
export function useIsUp(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => isUp,
  );
}
