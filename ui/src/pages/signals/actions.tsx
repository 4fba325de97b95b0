// Closing with a verdict, and assigning: one dialog for one signal or many.

import { useState } from "react";
import { t } from "../../strings/en";
import { useSession } from "../../api/session";
import type { Change } from "../../api/triage";
import { grouped } from "../../lib/format";
import { Dialog } from "../../parts/dialog";

/** The verdicts in the order of their digits. */
const VERDICTS = ["true", "benign_true", "false_positive", "duplicate", "undetermined"] as const;

interface Props {
  count: number;
  run: (change: Change) => void;
  close: () => void;
}

/** Asks for a verdict: `e` and a digit close a signal. */
export function CloseDialog({ count, run, close }: Props) {
  const [reason, setReason] = useState("");
  const choose = (verdict: (typeof VERDICTS)[number]): void => {
    close();
    run({ status: "closed", verdict, ...(reason.trim() ? { reason: reason.trim() } : {}) });
  };
  const keys = VERDICTS.map((verdict, at) => ({ keys: String(at + 1), label: t.verdict[verdict].long, run: () => choose(verdict) }));
  return (
    <Dialog title={t.act.closeTitle(grouped(count))} close={close} keys={keys}>
      <div className="body">
        <div className="verdicts">
          {VERDICTS.map((verdict, at) => (
            <button key={verdict} autoFocus={at === 0} onClick={() => choose(verdict)}>
              <kbd>{at + 1}</kbd>
              <b>{t.verdict[verdict].long}</b>
              <span className="dim">{t.verdict[verdict].what}</span>
            </button>
          ))}
        </div>
        <label className="field">
          <span>{t.act.reason}</span>
          <textarea className="input" rows={2} maxLength={10_000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </label>
        <p className="faint">{t.act.closeHint}</p>
      </div>
    </Dialog>
  );
}

/** Asks for whom. */
export function AssignDialog({ count, run, close }: Props) {
  const { me } = useSession();
  const [name, setName] = useState("");
  const choose = (assignee: string | null): void => {
    close();
    run({ assignee });
  };
  const own = me?.name ?? "";
  return (
    <Dialog
      title={t.act.assignTitle(grouped(count))}
      close={close}
      keys={[
        { keys: "1", label: t.signals.toMe, run: () => choose(own) },
        { keys: "2", label: t.signals.toNobody, run: () => choose(null) },
      ]}
    >
      <div className="body">
        <div className="verdicts">
          <button autoFocus onClick={() => choose(own)}>
            <kbd>1</kbd>
            <b>{t.signals.toMe}</b>
            <span className="dim">{own}</span>
          </button>
          <button onClick={() => choose(null)}>
            <kbd>2</kbd>
            <b>{t.signals.toNobody}</b>
            <span />
          </button>
        </div>
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) choose(name.trim());
          }}
        >
          <input className="input grow" aria-label={t.settings.name} placeholder={t.settings.name} maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />
          <button className="btn" disabled={!name.trim()}>
            {t.signals.assign}
          </button>
        </form>
      </div>
    </Dialog>
  );
}
