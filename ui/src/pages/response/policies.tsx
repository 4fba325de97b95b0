// Policies: which signals block whom, what holds for all blocks, and who is never blocked.

import { useState } from "react";
import { call, type Schemas } from "../../api/client";
import { KEY, type Policy, type Safety, usePolicies, useSafety } from "../../api/respond";
import { useMay } from "../../api/session";
import { harmless } from "../../lib/text";
import { duration } from "../../lib/time";
import { ConditionFields, conditionsOf, useCondition } from "../../parts/conditions";
import { Choices, Field, FormDialog, numberOf, textOf, useAct, useSend } from "../../parts/form";
import { Empty, Problem, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";
import { ModeCard } from "./mode";

const MODES = ["off", "dry_run", "real"] as const;

/** The part. */
export function Policies() {
  const asked = usePolicies();
  const safety = useSafety();
  const may = useMay("admin");
  const [editing, setEditing] = useState<Policy | "new">();
  return (
    <>
      {safety.data && <ModeCard safety={safety.data} />}
      <section className="card">
        <header>
          <h2>{t.response.tabs.policies}</h2>
          {may && (
            <button className="btn small push" onClick={() => setEditing("new")}>
              {t.policy.new}
            </button>
          )}
        </header>
        <Ready of={asked} rows={3}>
          {(policies) =>
            policies.length === 0 ? (
              <Empty title={t.policy.none} icon="response">
                <p>{t.policy.noneText}</p>
              </Empty>
            ) : (
              <List policies={policies} edit={may ? setEditing : undefined} />
            )
          }
        </Ready>
      </section>
      <Ready of={safety} rows={4}>
        {(data) => (
          <div className="halves">
            <Limits safety={data} />
            <Never safety={data} />
          </div>
        )}
      </Ready>
      {editing && <EditPolicy policy={editing === "new" ? undefined : editing} close={() => setEditing(undefined)} />}
    </>
  );
}

/** What a policy is without what only the server says of it. */
function bodyOf({ name, is_enabled, is_dry_run, when, seconds, repeat_factor, may_block_private, age_seconds_max }: Policy): Schemas["PolicyBody"] {
  return { name, is_enabled, is_dry_run, when, seconds, repeat_factor, may_block_private, age_seconds_max: age_seconds_max ?? null };
}

function List({ policies, edit }: { policies: readonly Policy[]; edit: ((policy: Policy) => void) | undefined }) {
  const act = useAct(KEY);
  const say = useCondition();
  const change = (policy: Policy, to: Partial<Schemas["PolicyBody"]>): void =>
    void act(
      () => call("put", "/api/v1/response/policies/{id}", { ...bodyOf(policy), ...to }, { params: { id: policy.id }, query: { version: policy.version } }),
      `${t.settings.saved}: ${harmless(policy.name)}`,
    );
  const remove = ({ id, name }: Policy): void =>
    void act(() => call("delete", "/api/v1/response/policies/{id}", undefined, { params: { id } }), t.removed(harmless(name)));
  const columns: Column<Policy>[] = [
    {
      head: "",
      cell: (policy) => (
        <button
          className="switch"
          role="switch"
          aria-checked={policy.is_enabled ?? true}
          aria-label={`${t.rules.enabled}: ${harmless(policy.name)}`}
          disabled={!edit}
          onClick={() => change(policy, { is_enabled: !policy.is_enabled })}
        />
      ),
    },
    { head: t.settings.name, cell: ({ name }) => <b>{harmless(name)}</b> },
    { head: t.policy.mode, cell: ({ is_dry_run }) => (is_dry_run ? <span className="pill dry">{t.response.dry}</span> : <span className="pill acc">{t.response.real}</span>) },
    { head: t.policy.when, kind: "wrap", cell: ({ when }) => say(when) },
    {
      head: t.policy.span,
      cell: ({ seconds, repeat_factor }) => `${duration(seconds * 1000)}${(repeat_factor ?? 1) > 1 ? ` · ${t.policy.repeat(String(repeat_factor))}` : ""}`,
    },
    {
      head: "",
      kind: "num",
      cell: (policy) =>
        edit && (
          <span className="row tight end">
            <button className="btn small" onClick={() => edit(policy)}>
              {t.edit}
            </button>
            <button className="btn small danger" onClick={() => remove(policy)}>
              {t.remove}
            </button>
          </span>
        ),
    },
  ];
  return <Table label={t.response.tabs.policies} rows={policies} columns={columns} keyOf={({ id }) => id} />;
}

function EditPolicy({ policy, close }: { policy: Policy | undefined; close: () => void }) {
  const act = useAct(KEY);
  const [mode, setMode] = useState(policy && !policy.is_dry_run ? "real" : "dry_run");
  const send = async (form: FormData): Promise<void> => {
    const age = numberOf(form, "age");
    const body: Schemas["PolicyBody"] = {
      name: textOf(form, "name") ?? "",
      is_enabled: policy?.is_enabled ?? true,
      is_dry_run: mode !== "real",
      when: conditionsOf(form),
      seconds: (numberOf(form, "minutes") ?? 15) * 60,
      repeat_factor: numberOf(form, "repeat") ?? 1,
      may_block_private: form.get("private") === "yes",
      age_seconds_max: age === undefined ? null : age * 60,
    };
    if (policy) await call("put", "/api/v1/response/policies/{id}", body, { params: { id: policy.id }, query: { version: policy.version } });
    else await call("post", "/api/v1/response/policies", body);
    await act(() => Promise.resolve(), `${t.settings.saved}: ${harmless(body.name)}`);
  };
  const age = policy ? (policy.age_seconds_max == null ? "" : policy.age_seconds_max / 60) : 10;
  return (
    <FormDialog title={policy ? t.policy.edit : t.policy.new} close={close} send={send} go={t.save} large>
      <Field label={t.settings.name}>
        <input className="input" name="name" required maxLength={200} defaultValue={policy?.name} />
      </Field>
      <ConditionFields when={policy?.when} />
      <div className="thirds">
        <Field label={t.response.minutes}>
          <input className="input" name="minutes" type="number" min={1} required defaultValue={policy ? policy.seconds / 60 : 15} />
        </Field>
        <Field label={t.policy.factor} hint={t.policy.factorHint}>
          <input className="input" name="repeat" type="number" min={1} max={100} defaultValue={policy?.repeat_factor ?? 1} />
        </Field>
        <Field label={t.policy.age} hint={t.policy.ageHint}>
          <input className="input" name="age" type="number" min={1} defaultValue={age} />
        </Field>
      </div>
      <Choices
        label={t.policy.mode}
        name="mode"
        value={mode}
        set={setMode}
        options={[
          { value: "dry_run", label: t.response.mode.names.dry_run, hint: t.policy.dryHint },
          { value: "real", label: t.response.mode.names.real, hint: t.policy.realHint },
        ]}
      />
      <label className="row">
        <input type="checkbox" name="private" value="yes" defaultChecked={policy?.may_block_private ?? false} /> {t.response.ownNetwork}
      </label>
    </FormDialog>
  );
}

/** What holds for all blocks, as the server takes it. */
function settingsOf({ mode, backend, per_minute_max, per_hour_max, at_once_max, seconds_max, never, trusted_proxies, is_helper_at_edge, untrusted_sources }: Safety): Schemas["ResponseBody"] {
  const kept = { mode, never: [...(never ?? [])], trusted_proxies: [...(trusted_proxies ?? [])], is_helper_at_edge: is_helper_at_edge ?? false };
  return {
    ...kept,
    ...(backend ? { backend } : {}),
    ...(per_minute_max == null ? {} : { per_minute_max }),
    ...(per_hour_max == null ? {} : { per_hour_max }),
    ...(at_once_max == null ? {} : { at_once_max }),
    ...(seconds_max == null ? {} : { seconds_max }),
    ...(untrusted_sources ? { untrusted_sources: [...untrusted_sources] } : {}),
  };
}

function useChange(safety: Safety): (to: Partial<Schemas["ResponseBody"]>) => Promise<void> {
  const act = useAct(KEY);
  return async (to) => {
    await call("put", "/api/v1/response", { ...settingsOf(safety), ...to }, { query: { version: safety.version } });
    await act(() => Promise.resolve(), t.settings.saved);
  };
}

function Limits({ safety }: { safety: Safety }) {
  const may = useMay("admin");
  const change = useChange(safety);
  const [mode, setMode] = useState<Safety["mode"]>(safety.mode);
  const send = (form: FormData): Promise<void> => {
    const cap = (name: "per_minute_max" | "per_hour_max" | "at_once_max") => {
      const value = numberOf(form, name);
      return value === undefined ? {} : { [name]: value };
    };
    const hours = numberOf(form, "hours");
    const proxies = String(form.get("proxies") ?? "").split(/[\s,]+/).filter(Boolean);
    return change({ mode, ...cap("per_minute_max"), ...cap("per_hour_max"), ...cap("at_once_max"), ...(hours === undefined ? {} : { seconds_max: hours * 3600 }), trusted_proxies: proxies });
  };
  const { submit, error, isBusy } = useSend(send, () => undefined);
  const words = t.response.mode;
  return (
    <section className="card">
      <header>
        <h2>{t.policy.all}</h2>
      </header>
      <form className="pad stack" key={safety.version} onSubmit={submit}>
        <Choices
          label={t.policy.mode}
          name="mode"
          value={mode}
          set={(value) => setMode(value as Safety["mode"])}
          options={MODES.map((one) => ({ value: one, label: words.names[one], hint: words.says[one], isOff: !may }))}
        />
        <div className="halves">
          <Field label={t.policy.perMinute}>
            <input className="input" name="per_minute_max" type="number" min={1} defaultValue={safety.per_minute_max ?? ""} disabled={!may} />
          </Field>
          <Field label={t.policy.perHour}>
            <input className="input" name="per_hour_max" type="number" min={1} defaultValue={safety.per_hour_max ?? ""} disabled={!may} />
          </Field>
          <Field label={t.policy.atOnce}>
            <input className="input" name="at_once_max" type="number" min={1} defaultValue={safety.at_once_max ?? ""} disabled={!may} />
          </Field>
          <Field label={t.policy.longest}>
            <input className="input" name="hours" type="number" min={1} defaultValue={safety.seconds_max == null ? "" : Math.round(safety.seconds_max / 3600)} disabled={!may} />
          </Field>
        </div>
        <Field label={t.policy.proxies} hint={t.policy.proxiesHint}>
          <input className="input mono" name="proxies" defaultValue={(safety.trusted_proxies ?? []).join(", ")} spellCheck={false} disabled={!may} />
        </Field>
        {error !== undefined && <Problem error={error} />}
        <button className="btn fit" disabled={!may || isBusy}>
          {t.save}
        </button>
      </form>
    </section>
  );
}

type NeverRow = Schemas["NeverBody"];

function Never({ safety }: { safety: Safety }) {
  const may = useMay("admin");
  const change = useChange(safety);
  const act = useAct(KEY);
  const listed = safety.never ?? [];
  const send = (form: FormData): Promise<void> =>
    change({ never: [...listed, { network: textOf(form, "network") ?? "", note: textOf(form, "note") ?? "" }] });
  const { submit, error, isBusy } = useSend(send, () => undefined);
  const columns: Column<NeverRow>[] = [
    { head: t.policy.network, kind: "mono", cell: ({ network }) => harmless(network) },
    { head: t.policy.note, kind: "wrap dim", cell: ({ note }) => harmless(note ?? "") },
    {
      head: "",
      kind: "num",
      cell: (row) =>
        may && (
          <button className="btn small" onClick={() => void act(() => change({ never: listed.filter((one) => one !== row) }))}>
            {t.remove}
          </button>
        ),
    },
  ];
  return (
    <section className="card">
      <header>
        <h2>{t.policy.never}</h2>
        <span className="push dim">{t.policy.neverText}</span>
      </header>
      {listed.length > 0 && <Table label={t.policy.never} rows={listed} columns={columns} keyOf={({ network }) => network} />}
      {may && (
        <form className="pad row" key={safety.version} onSubmit={submit}>
          <input className="input mono grow" name="network" required placeholder="192.0.2.0/24" aria-label={t.policy.network} spellCheck={false} />
          <input className="input grow" name="note" placeholder={t.policy.note} aria-label={t.policy.note} />
          <button className="btn" disabled={isBusy}>
            {t.add}
          </button>
        </form>
      )}
      {error !== undefined && (
        <div className="pad">
          <Problem error={error} />
        </div>
      )}
      {safety.present.length > 0 && (
        <p className="pad dim wrap">
          {t.policy.present} <span className="mono">{safety.present.map(harmless).join(", ")}</span>
        </p>
      )}
    </section>
  );
}
