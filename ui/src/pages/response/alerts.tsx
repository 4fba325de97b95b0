// Alert rules: which signals are told where, and how many at a time.

import { useState } from "react";
import { call, type Schemas } from "../../api/client";
import { type AlertRule, KEY, useAlertRules, useChannels } from "../../api/respond";
import { useMay } from "../../api/session";
import { harmless } from "../../lib/text";
import { duration } from "../../lib/time";
import { ConditionFields, conditionsOf, EVERY, useCondition } from "../../parts/conditions";
import { Field, FormDialog, numberOf, textOf, useAct } from "../../parts/form";
import { Empty, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";

type Body = Schemas["AlertRuleBody"];
type GroupBy = Schemas["GroupBy"];

const GROUPS: readonly GroupBy[] = ["rule", "level", "address", "host", "user", "entity"];

/** The part. */
export function Alerts() {
  const asked = useAlertRules();
  const may = useMay("respond");
  const [editing, setEditing] = useState<AlertRule | "new">();
  return (
    <section className="card">
      <header>
        <h2>{t.response.tabs.alerts}</h2>
        <span className="dim">{t.alert.text}</span>
        {may && (
          <button className="btn small push" onClick={() => setEditing("new")}>
            {t.alert.new}
          </button>
        )}
      </header>
      <Ready of={asked} rows={3}>
        {(rules) =>
          rules.length === 0 ? (
            <Empty title={t.alert.none} icon="signals">
              <p>{t.alert.noneText}</p>
            </Empty>
          ) : (
            <List rules={rules} edit={may ? setEditing : undefined} />
          )
        }
      </Ready>
      {editing && <Edit rule={editing === "new" ? undefined : editing} close={() => setEditing(undefined)} />}
    </section>
  );
}

function List({ rules, edit }: { rules: readonly AlertRule[]; edit: ((rule: AlertRule) => void) | undefined }) {
  const act = useAct(KEY);
  const say = useCondition();
  const { data: channels } = useChannels();
  const nameOf = (id: string): string => channels?.find((channel) => channel.id === id)?.name ?? id;
  const flip = (rule: AlertRule): void => {
    const { name, is_enabled, when, channels: to, group_by, wait_seconds, quiet_seconds, age_seconds_max } = rule;
    const body: Body = { name, is_enabled: !is_enabled, when: when ?? EVERY, channels: to, group_by, wait_seconds, quiet_seconds, age_seconds_max: age_seconds_max ?? null };
    void act(
      () => call("put", "/api/v1/alert-rules/{id}", body, { params: { id: rule.id }, query: { version: rule.version } }),
      `${t.settings.saved}: ${harmless(name)}`,
    );
  };
  const remove = ({ id, name }: AlertRule): void =>
    void act(() => call("delete", "/api/v1/alert-rules/{id}", undefined, { params: { id } }), t.removed(harmless(name)));
  const columns: Column<AlertRule>[] = [
    {
      head: "",
      cell: (rule) => (
        <button className="switch" role="switch" aria-checked={rule.is_enabled ?? true} aria-label={`${t.rules.enabled}: ${harmless(rule.name)}`} disabled={!edit} onClick={() => flip(rule)} />
      ),
    },
    { head: t.settings.name, cell: ({ name }) => <b>{harmless(name)}</b> },
    { head: t.policy.when, kind: "wrap", cell: ({ when }) => say(when ?? EVERY) },
    {
      head: t.alert.channels,
      cell: ({ channels: to }) => (
        <span className="row">
          {to.map((id) => (
            <span key={id} className="pill">
              {harmless(nameOf(id))}
            </span>
          ))}
        </span>
      ),
    },
    { head: t.alert.groupBy, kind: "dim", cell: ({ group_by }) => (group_by ?? []).join(", ") || t.none },
    { head: t.alert.wait, kind: "num dim", cell: ({ wait_seconds }) => duration((wait_seconds ?? 0) * 1000) },
    { head: t.alert.quiet, kind: "num dim", cell: ({ quiet_seconds }) => duration((quiet_seconds ?? 0) * 1000) },
    {
      head: "",
      kind: "num",
      cell: (rule) =>
        edit && (
          <span className="row tight end">
            <button className="btn small" onClick={() => edit(rule)}>
              {t.edit}
            </button>
            <button className="btn small danger" onClick={() => remove(rule)}>
              {t.remove}
            </button>
          </span>
        ),
    },
  ];
  return <Table label={t.response.tabs.alerts} rows={rules} columns={columns} keyOf={({ id }) => id} />;
}

function Edit({ rule, close }: { rule: AlertRule | undefined; close: () => void }) {
  const act = useAct(KEY);
  const { data: channels } = useChannels();
  const send = async (form: FormData): Promise<void> => {
    const hours = numberOf(form, "age");
    const body: Body = {
      name: textOf(form, "name") ?? "",
      is_enabled: rule?.is_enabled ?? true,
      when: conditionsOf(form),
      channels: form.getAll("channel").map(String),
      group_by: GROUPS.filter((one) => form.getAll("group").includes(one)),
      wait_seconds: numberOf(form, "wait") ?? 10,
      quiet_seconds: (numberOf(form, "quiet") ?? 60) * 60,
      age_seconds_max: hours === undefined ? null : hours * 3600,
    };
    if (rule) await call("put", "/api/v1/alert-rules/{id}", body, { params: { id: rule.id }, query: { version: rule.version } });
    else await call("post", "/api/v1/alert-rules", body);
    await act(() => Promise.resolve(), `${t.settings.saved}: ${harmless(body.name)}`);
  };
  const groups = rule?.group_by ?? ["rule", "entity"];
  const check = (name: string, value: string, label: string, isOn: boolean) => (
    <label key={value} className="row tight">
      <input type="checkbox" name={name} value={value} defaultChecked={isOn} /> {label}
    </label>
  );
  return (
    <FormDialog title={rule ? t.alert.edit : t.alert.new} close={close} send={send} go={t.save} large>
      <Field label={t.settings.name}>
        <input className="input" name="name" required maxLength={200} defaultValue={rule?.name} />
      </Field>
      <fieldset className="field plain">
        <legend className="dim">{t.alert.channels}</legend>
        <span className="row">
          {channels?.length === 0 && <span className="dim">{t.alert.noChannel}</span>}
          {channels?.map(({ id, name }) => check("channel", id, harmless(name), rule?.channels.includes(id) ?? channels.length === 1))}
        </span>
      </fieldset>
      <ConditionFields when={rule?.when} />
      <fieldset className="field plain">
        <legend className="dim">{t.alert.groupBy}</legend>
        <span className="row">{GROUPS.map((one) => check("group", one, one, groups.includes(one)))}</span>
      </fieldset>
      <div className="thirds">
        <Field label={t.alert.waitSeconds} hint={t.alert.waitHint}>
          <input className="input" name="wait" type="number" min={0} required defaultValue={rule?.wait_seconds ?? 10} />
        </Field>
        <Field label={t.alert.quietMinutes} hint={t.alert.quietHint}>
          <input className="input" name="quiet" type="number" min={0} required defaultValue={(rule?.quiet_seconds ?? 3600) / 60} />
        </Field>
        <Field label={t.alert.ageHours} hint={t.policy.ageHint}>
          <input className="input" name="age" type="number" min={1} defaultValue={rule ? (rule.age_seconds_max == null ? "" : rule.age_seconds_max / 3600) : 24} />
        </Field>
      </div>
    </FormDialog>
  );
}
