// How far response goes: off, dry run or real; and the way to stop it at once.

import { useState } from "react";
import { Link } from "wouter";
import { call } from "../../api/client";
import { KEY, type Safety } from "../../api/respond";
import { useMay } from "../../api/session";
import { grouped } from "../../lib/format";
import { harmless } from "../../lib/text";
import { FormDialog, useAct } from "../../parts/form";
import { t } from "../../strings/en";

/** The card that says how response stands. */
export function ModeCard({ safety }: { safety: Safety }) {
  const may = useMay("respond");
  const isAdmin = useMay("admin");
  const [isStopping, setStopping] = useState(false);
  const words = t.response.mode;
  const isReal = safety.mode === "real";
  const facts: [string, string, boolean?][] = [
    [words.active, grouped(safety.active)],
    [words.dry, grouped(safety.active_dry)],
    [words.caps, words.capsOf(grouped(safety.per_minute_max ?? 0), grouped(safety.per_hour_max ?? 0), grouped(safety.at_once_max ?? 0))],
    [words.never, words.neverOf(grouped(safety.never?.length ?? 0), grouped(safety.present.length))],
    [words.helper, safety.helper ? safety.helper_says || (safety.is_helper_ready ? words.ready : words.notReady) : words.noHelper, Boolean(safety.helper) && !safety.is_helper_ready],
  ];
  return (
    <section className={isReal ? "card mode real" : "card mode"}>
      <header>
        <span className={safety.mode === "off" ? "pill" : isReal ? "pill warn" : "pill acc"}>{words.names[safety.mode]}</span>
        <span>{words.says[safety.mode]}</span>
        {isAdmin && safety.mode === "off" && (
          <Link className="btn push" href="/response?tab=policies">
            {words.start}
          </Link>
        )}
        {may && safety.mode !== "off" && (
          <button className="btn danger push" onClick={() => setStopping(true)}>
            {words.stop}
          </button>
        )}
      </header>
      <dl className="pad fact-row">
        {facts.map(([name, value, isBad]) => (
          <div key={name}>
            <dt className="faint">{name}</dt>
            <dd className={isBad ? "bad" : undefined}>{harmless(value)}</dd>
          </div>
        ))}
      </dl>
      {isStopping && <Stop close={() => setStopping(false)} />}
    </section>
  );
}

function Stop({ close }: { close: () => void }) {
  const act = useAct(KEY);
  const words = t.response.mode;
  const send = async (form: FormData): Promise<void> => {
    const { count } = await call("post", "/api/v1/response/stop", { is_undoing: form.get("undo") === "yes" });
    await act(() => Promise.resolve(), words.stopped(grouped(count)));
  };
  return (
    <FormDialog title={words.stop} close={close} send={send} go={words.stopGo}>
      <p>{words.stopText}</p>
      <label className="row">
        <input type="checkbox" name="undo" value="yes" defaultChecked /> {words.stopUndo}
      </label>
    </FormDialog>
  );
}
