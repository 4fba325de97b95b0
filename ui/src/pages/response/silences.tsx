// Silences: signals that nobody is told of for a time. Signals are there and blocks happen all the same.

import { useState } from "react";
import { call } from "../../api/client";
import { KEY, type Silence, useSilences } from "../../api/respond";
import { useMay } from "../../api/session";
import { useNow } from "../../lib/hooks";
import { useParams } from "../../lib/router";
import { harmless } from "../../lib/text";
import { duration, instant, stamp } from "../../lib/time";
import { ConditionFields, conditionsOf, EVERY, useCondition } from "../../parts/conditions";
import { Field, FormDialog, numberOf, textOf, useAct } from "../../parts/form";
import { Empty, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";

const HOUR = 3_600_000;

/** The part. */
export function Silences() {
  const asked = useSilences();
  const may = useMay("triage");
  const [params, setParams] = useParams();
  const [isAdding, setAdding] = useState(params.has("silence"));
  return (
    <section className="card">
      <header>
        <h2>{t.response.tabs.silences}</h2>
        <span className="dim">{t.silence.text}</span>
        {may && (
          <button className="btn small push" onClick={() => setAdding(true)}>
            {t.silence.new}
          </button>
        )}
      </header>
      <Ready of={asked} rows={3}>
        {(silences) =>
          silences.length === 0 ? (
            <Empty title={t.silence.none} icon="signals">
              <p>{t.silence.noneText}</p>
            </Empty>
          ) : (
            <List silences={silences} may={may} />
          )
        }
      </Ready>
      {isAdding && (
        <Edit
          rule={params.get("silence") ?? undefined}
          close={() => {
            setAdding(false);
            setParams({ silence: undefined });
          }}
        />
      )}
    </section>
  );
}

function List({ silences, may }: { silences: readonly Silence[]; may: boolean }) {
  const act = useAct(KEY);
  const say = useCondition();
  const now = useNow(30_000);
  const rows = [...silences].sort((a, b) => Number(b.is_active) - Number(a.is_active) || b.until.localeCompare(a.until));
  const end = ({ id }: Silence): void => void act(() => call("delete", "/api/v1/silences/{id}", undefined, { params: { id } }), t.silence.ended);
  const columns: Column<Silence>[] = [
    { head: t.settings.state, cell: ({ is_active }) => <span className={is_active ? "pill acc" : "pill"}>{is_active ? t.silence.active : t.silence.over}</span> },
    { head: t.policy.when, kind: "wrap", cell: ({ when }) => say(when) },
    { head: t.response.reason, kind: "wrap", cell: ({ reason }) => harmless(reason) },
    {
      head: t.response.until,
      kind: "mono",
      cell: ({ is_active, until }) => (is_active ? t.response.left(duration((instant(until) ?? now) - now)) : <span className="dim">{stamp(instant(until))}</span>),
    },
    { head: t.response.by, kind: "dim", cell: ({ made_by }) => harmless(made_by) },
    {
      head: "",
      kind: "num",
      cell: (silence) =>
        may && (
          <button className="btn small" onClick={() => end(silence)}>
            {silence.is_active ? t.silence.end : t.remove}
          </button>
        ),
    },
  ];
  return <Table label={t.response.tabs.silences} rows={rows} columns={columns} keyOf={({ id }) => id} />;
}

function Edit({ rule, close }: { rule: string | undefined; close: () => void }) {
  const act = useAct(KEY);
  const send = async (form: FormData): Promise<void> => {
    const hours = numberOf(form, "hours") ?? 1;
    await call("post", "/api/v1/silences", {
      when: conditionsOf(form),
      until: new Date(Date.now() + hours * HOUR).toISOString(),
      reason: textOf(form, "reason") ?? "",
    });
    await act(() => Promise.resolve(), t.silence.made);
  };
  return (
    <FormDialog title={t.silence.new} close={close} send={send} go={t.silence.go} large>
      <ConditionFields when={rule ? { ...EVERY, rules: [rule] } : undefined} />
      <Field label={t.silence.hours}>
        <input className="input" name="hours" type="number" min={0.1} step={0.1} max={8784} required defaultValue={2} />
      </Field>
      <Field label={t.response.reason}>
        <input className="input" name="reason" required maxLength={500} />
      </Field>
    </FormDialog>
  );
}
