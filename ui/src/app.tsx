// Who may come in, and which page stands at which address. Pages are loaded when they are first seen.

import { lazy, Suspense } from "react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Link, Route, Switch } from "wouter";
import { Refused, words } from "./api/client";
import { SessionProvider, useSession } from "./api/session";
import { Login, Setup } from "./pages/enter";
import { Empty, Loading, Problem } from "./parts/states";
import { Shell, Top } from "./shell";
import { t } from "./strings/en";

words.noAnswer = t.noAnswer;
words.failed = t.failed;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && error instanceof Refused && (error.status === 0 || error.status >= 500),
    },
  },
});

const Overview = lazy(() => import("./pages/overview"));
const Signals = lazy(() => import("./pages/signals"));
const Signal = lazy(() => import("./pages/signal"));
const Hunts = lazy(() => import("./pages/hunts"));
const Hunt = lazy(() => import("./pages/hunts/hunt"));
const Rules = lazy(() => import("./pages/rules"));
const Rule = lazy(() => import("./pages/rule"));
const Chains = lazy(() => import("./pages/chains"));
const Attack = lazy(() => import("./pages/attack"));
const Sources = lazy(() => import("./pages/sources"));
const Response = lazy(() => import("./pages/response"));
const Settings = lazy(() => import("./pages/settings"));

/** The whole page. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <SessionProvider>
        <Inside />
      </SessionProvider>
    </QueryClientProvider>
  );
}

function Inside() {
  const { me, isKnown, needsSetup, error, retry } = useSession();
  if (!isKnown) {
    return <main className="door">{error ? <Problem error={error} retry={retry} /> : <Loading rows={3} />}</main>;
  }
  if (needsSetup) return <Setup />;
  if (!me) return <Login />;
  return (
    <Shell>
      <Suspense fallback={<Loading rows={12} />}>
        <Switch>
          <Route path="/" component={Overview} />
          <Route path="/signals" component={Signals} />
          <Route path="/signals/:id" component={Signal} />
          <Route path="/hunts" component={Hunts} />
          <Route path="/hunts/:id" component={Hunt} />
          <Route path="/rules" component={Rules} />
          <Route path="/rules/:id" component={Rule} />
          <Route path="/chains" component={Chains} />
          <Route path="/attack" component={Attack} />
          <Route path="/sources" component={Sources} />
          <Route path="/response" component={Response} />
          <Route path="/settings" component={Settings} />
          <Route component={Missing} />
        </Switch>
      </Suspense>
    </Shell>
  );
}

function Missing() {
  return (
    <>
      <Top page="missing" />
      <main className="scroll">
        <Empty title={t.page.missing}>
          <p>{t.missing.text}</p>
          <Link className="btn" href="/">
            {t.missing.home}
          </Link>
        </Empty>
      </main>
    </>
  );
}
