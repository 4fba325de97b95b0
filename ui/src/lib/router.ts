// Where the page is. The address is the state; `replace` is for what a step back should not undo.

import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";

/** The pages that have a key. */
export const PAGES = [
  { name: "overview", path: "/", keys: "g d" },
  { name: "signals", path: "/signals", keys: "g s" },
  { name: "hunt", path: "/hunts", keys: "g h" },
  { name: "rules", path: "/rules", keys: "g r" },
  { name: "chains", path: "/chains", keys: "g c" },
  { name: "attack", path: "/attack", keys: "g a" },
  { name: "sources", path: "/sources", keys: "g i" },
  { name: "response", path: "/response", keys: "g x" },
  { name: "settings", path: "/settings", keys: "g ," },
] as const;

/** The name of such a page. */
export type PageName = (typeof PAGES)[number]["name"];

/**
 * The parameters of the address and how to change some of them; `undefined` takes one out. They change where one is by
 * then: a dialog that closes behind a step to another page must not lead back.
 */
export function useParams(): [URLSearchParams, (next: Record<string, string | undefined>, push?: boolean) => void] {
  const search = useSearch();
  const [, go] = useLocation();
  const set = useCallback(
    (next: Record<string, string | undefined>, push = false) => {
      const params = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(next)) {
        if (value === undefined) params.delete(name);
        else params.set(name, value);
      }
      const text = params.toString();
      go(window.location.pathname + (text ? `?${text}` : ""), { replace: !push });
    },
    [go],
  );
  return [new URLSearchParams(search), set];
}

/** The address of a signal's own page. */
export const signalPath = (id: string): string => `/signals/${encodeURIComponent(id)}`;

/** The address of a rule's page. */
export const rulePath = (id: string): string => `/rules/${encodeURIComponent(id)}`;

/** The address of a hunt's page. */
export const huntPath = (id: string): string => `/hunts/${encodeURIComponent(id)}`;
