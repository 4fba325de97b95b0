// Who is here, and what they may do.

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call, get, Refused, type Schemas, whenLost } from "./client";

/** What a caller may do. */
export type Scope = Schemas["Scope"];

interface Session {
  /** Who is logged in; none if nobody is. */
  readonly me: Schemas["Me"] | undefined;
  readonly isKnown: boolean;
  readonly needsSetup: boolean;
  readonly error: unknown;
  /** Whether a session has ended under somebody's hands. */
  readonly isLost: boolean;
  readonly begin: (me: Schemas["Me"]) => void;
  readonly logOut: () => void;
  readonly retry: () => void;
}

const Context = createContext<Session | undefined>(undefined);

async function whoAmI(): Promise<{ me?: Schemas["Me"]; needsSetup: boolean }> {
  try {
    return { me: await get("/api/v1/session"), needsSetup: false };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 401) throw error;
    return { needsSetup: (await get("/api/v1/setup")).needed };
  }
}

/** Gives the session to everything below. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const asked = useQuery({ queryKey: ["session"], queryFn: whoAmI, staleTime: Infinity, retry: false });
  const [isLost, setLost] = useState(false);
  const begin = useCallback(
    (me: Schemas["Me"]) => {
      setLost(false);
      // What somebody else saw is forgotten; the session itself is being watched and must stay.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      queries.setQueryData(["session"], { me, needsSetup: false });
    },
    [queries],
  );
  const end = useCallback(
    (lost: boolean) => {
      setLost(lost);
      queries.setQueryData(["session"], { needsSetup: false });
    },
    [queries],
  );
  useEffect(() => whenLost(() => end(true)), [end]);
  const session = useMemo<Session>(
    () => ({
      me: asked.data?.me,
      isKnown: asked.data !== undefined,
      needsSetup: asked.data?.needsSetup ?? false,
      error: asked.error,
      isLost,
      begin,
      logOut: () => void call("delete", "/api/v1/session", undefined).finally(() => end(false)),
      retry: () => void asked.refetch(),
    }),
    [asked, isLost, begin, end],
  );
  return <Context value={session}>{children}</Context>;
}

/** The session. */
export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("useSession stands outside of SessionProvider");
  return session;
}

/** Whether who is here may do something. */
export function useMay(scope: Scope): boolean {
  return useSession().me?.scopes.includes(scope) ?? false;
}
