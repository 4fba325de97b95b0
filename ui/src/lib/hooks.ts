// Small hooks.

import { useEffect, useState, useSyncExternalStore } from "react";
import { setZone, type Zone } from "./time";

/** The time, refreshed every so many milliseconds. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A value that follows another once it has been still for so long. */
export function useSettled<T>(value: T, waitMs = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), waitMs);
    return () => clearTimeout(timer);
  }, [value, waitMs]);
  return settled;
}

/** The width of an element, for charts. */
export function useWidth(): [(element: Element | null) => void, number] {
  const [element, setElement] = useState<Element | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}

// What this browser remembers of how its user likes the page. Nothing of it matters to others, so it stays here.
const listeners = new Set<() => void>();

function kept(name: string): string | undefined {
  try {
    return localStorage.getItem(`sigyn.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** A liking of this browser's user, and how to change it; without a value it is forgotten. */
export function useLiking(name: "theme" | "zone"): [string | undefined, (value: string | undefined) => void] {
  const value = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => kept(name),
  );
  const set = (next: string | undefined): void => {
    try {
      if (next === undefined) localStorage.removeItem(`sigyn.${name}`);
      else localStorage.setItem(`sigyn.${name}`, next);
    } catch {
      // Storage may be forbidden; the page then works as on the first day.
    }
    apply();
    for (const listener of listeners) listener();
  };
  return [value, set];
}

/** Makes the page follow what is remembered. */
export function apply(): void {
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
  setZone(kept("zone") === "local" ? "local" : ("utc" satisfies Zone));
}
