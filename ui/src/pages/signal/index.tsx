// A signal's own page: what a permalink opens.

import { useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { useMay } from "../../api/session";
import { type Change, useTriage } from "../../api/triage";
import { useKeys } from "../../lib/keys";
import { toast } from "../../lib/toasts";
import { Top } from "../../shell";
import { t } from "../../strings/en";
import { AssignDialog, CloseDialog } from "../signals/actions";
import type { Act } from "../signals/index";
import { SignalPanel } from "./panel";

/** The page. */
export default function SignalPage() {
  const { id = "" } = useParams<{ id: string }>();
  const [, go] = useLocation();
  const may = useMay("triage");
  const run = useTriage();
  const [asking, setAsking] = useState<"close" | "assign">();
  const apply = (change: Change): void => void run({ ids: [id] }, change);
  const act = (what: Act): void => {
    if (!may) toast(t.act.forbidden, { failed: true });
    else if (what === "close" || what === "assign") setAsking(what);
    else apply({ status: what === "open" ? "open" : "acknowledged" });
  };
  useKeys([
    { keys: "e", label: t.keys.end, run: () => act("close"), hint: true },
    { keys: "a", label: t.keys.acknowledge, run: () => act("acknowledge"), hint: true },
    { keys: "r", label: t.keys.reopen, run: () => act("open"), hint: true },
    { keys: "s", label: t.keys.assign, run: () => act("assign"), hint: true },
  ]);
  const use = (field: string, value: string): void => {
    const known = ["host", "user", "address"].includes(field);
    go(known ? `/signals?last=30d&${field}=${encodeURIComponent(value)}` : `/signals?all=1&last=30d&text=${encodeURIComponent(value.slice(0, 200))}`);
  };
  const Asked = asking && { close: CloseDialog, assign: AssignDialog }[asking];
  return (
    <>
      <Top page="signal">
        <span className="crumbs">
          <Link className="link" href="/signals">
            {t.page.signals}
          </Link>
          <span className="mono faint clip">{id}</span>
        </span>
      </Top>
      <main className="scroll">
        <SignalPanel id={id} use={use} act={act} isAlone />
      </main>
      {Asked && <Asked count={1} run={apply} close={() => setAsking(undefined)} />}
    </>
  );
}
