// Channels: where messages go, what waits there, and whether they work.

import { type ReactNode, useState } from "react";
import { call, type Schemas } from "../../api/client";
import { type Channel, KEY, useChannels } from "../../api/respond";
import { useMay } from "../../api/session";
import { grouped } from "../../lib/format";
import { harmless } from "../../lib/text";
import { Dialog } from "../../parts/dialog";
import { Choices, Field, FormDialog, numberOf, textOf, useAct } from "../../parts/form";
import { Empty, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { copy } from "../../parts/value_menu";
import { t } from "../../strings/en";

type Body = Schemas["ChannelBody"];
type Destination = Body["destination"];
type Kind = Destination["kind"];

const KINDS: readonly Kind[] = ["slack", "email", "webhook"];

/** The part. */
export function Channels() {
  const asked = useChannels();
  const may = useMay("admin");
  const [editing, setEditing] = useState<Channel | "new">();
  const [secret, setSecret] = useState<string>();
  return (
    <section className="card">
      <header>
        <h2>{t.response.tabs.channels}</h2>
        {may && (
          <button className="btn small push" onClick={() => setEditing("new")}>
            {t.channel.new}
          </button>
        )}
      </header>
      <Ready of={asked} rows={3}>
        {(channels) =>
          channels.length === 0 ? (
            <Empty title={t.channel.none} icon="signals">
              <p>{t.channel.noneText}</p>
            </Empty>
          ) : (
            <List channels={channels} edit={may ? setEditing : undefined} />
          )
        }
      </Ready>
      {editing && <Edit channel={editing === "new" ? undefined : editing} made={setSecret} close={() => setEditing(undefined)} />}
      {secret !== undefined && <Secret secret={secret} close={() => setSecret(undefined)} />}
    </section>
  );
}

function List({ channels, edit }: { channels: readonly Channel[]; edit: ((channel: Channel) => void) | undefined }) {
  const act = useAct(KEY);
  const mayRetry = useMay("respond");
  const columns: Column<Channel>[] = [
    {
      head: t.settings.name,
      cell: ({ name, is_enabled }) => (
        <>
          <b>{harmless(name)}</b> {is_enabled === false && <span className="pill">{t.rules.off.toLowerCase()}</span>}
        </>
      ),
    },
    { head: t.channel.kind, cell: ({ destination }) => <span className="pill">{t.channel.kinds[destination.kind]}</span> },
    { head: t.channel.place, kind: "mono wrap", cell: ({ place }) => harmless(place) },
    { head: t.response.waiting, kind: "num", cell: ({ waiting }) => grouped(waiting) },
    { head: t.response.givenUp, kind: "num", cell: ({ given_up }) => <span className={given_up > 0 ? "bad" : "dim"}>{grouped(given_up)}</span> },
    { head: t.response.error, kind: "wrap dim", cell: ({ error }) => harmless(error ?? "—") },
    {
      head: "",
      kind: "num",
      cell: (channel) => {
        const params = { id: channel.id };
        const name = harmless(channel.name);
        return (
          <span className="row tight end">
            {mayRetry && channel.given_up > 0 && (
              <button className="btn small" onClick={() => void act(() => call("post", "/api/v1/channels/{id}/retry", undefined, { params }), t.response.retried(name))}>
                {t.response.retry}
              </button>
            )}
            {edit && (
              <>
                <button className="btn small" onClick={() => void act(() => call("post", "/api/v1/channels/{id}/test", undefined, { params }), t.channel.tested(name))}>
                  {t.channel.test}
                </button>
                <button className="btn small" onClick={() => edit(channel)}>
                  {t.edit}
                </button>
                <button className="btn small danger" onClick={() => void act(() => call("delete", "/api/v1/channels/{id}", undefined, { params }), t.removed(name))}>
                  {t.remove}
                </button>
              </>
            )}
          </span>
        );
      },
    },
  ];
  return <Table label={t.response.tabs.channels} rows={channels} columns={columns} keyOf={({ id }) => id} />;
}

function destinationOf(form: FormData, kind: Kind): Destination {
  const text = (name: string): string => textOf(form, name) ?? "";
  const optional = (name: string) => {
    const value = textOf(form, name);
    return value === undefined ? {} : { [name]: value };
  };
  if (kind === "slack") return { kind, ...optional("url") };
  if (kind === "webhook") return { kind, url: text("url"), ...optional("secret") };
  return {
    kind: "email",
    host: text("host"),
    port: numberOf(form, "port") ?? 587,
    security: text("security") as Schemas["MailSecurityBody"],
    from: text("from"),
    to: text("to").split(/[\s,]+/).filter(Boolean),
    ...optional("user"),
    ...optional("password"),
  };
}

function Edit({ channel, made, close }: { channel: Channel | undefined; made: (secret: string) => void; close: () => void }) {
  const act = useAct(KEY);
  const [kind, setKind] = useState<Kind>(channel?.destination.kind ?? "slack");
  const send = async (form: FormData): Promise<void> => {
    const title = textOf(form, "title");
    const text = textOf(form, "text");
    const body: Body = {
      name: textOf(form, "name") ?? "",
      is_enabled: form.get("enabled") === "yes",
      destination: destinationOf(form, kind),
      template: { title: title ?? null, text: text ?? null },
    };
    if (channel) {
      await call("put", "/api/v1/channels/{id}", body, { params: { id: channel.id }, query: { version: channel.version } });
    } else {
      const { secret } = await call("post", "/api/v1/channels", body);
      if (secret) made(secret);
    }
    await act(() => Promise.resolve(), `${t.settings.saved}: ${harmless(body.name)}`);
  };
  return (
    <FormDialog title={channel ? t.channel.edit : t.channel.new} close={close} send={send} go={t.save}>
      <Field label={t.settings.name}>
        <input className="input" name="name" required maxLength={200} defaultValue={channel?.name} />
      </Field>
      {!channel && (
        <Choices
          label={t.channel.kind}
          name="kind"
          value={kind}
          set={(value) => setKind(value as Kind)}
          options={KINDS.map((value) => ({ value, label: t.channel.kinds[value], hint: t.channel.hints[value] }))}
        />
      )}
      <Fields key={kind} kind={kind} channel={channel} />
      <details>
        <summary className="dim">{t.channel.words}</summary>
        <div className="stack note">
          <Field label={t.channel.title} hint={t.channel.wordsHint}>
            <input className="input mono" name="title" defaultValue={channel?.template?.title ?? ""} spellCheck={false} />
          </Field>
          <Field label={t.channel.text}>
            <textarea className="input mono" name="text" rows={4} defaultValue={channel?.template?.text ?? ""} spellCheck={false} />
          </Field>
        </div>
      </details>
      <label className="row">
        <input type="checkbox" name="enabled" value="yes" defaultChecked={channel?.is_enabled ?? true} /> {t.channel.enabled}
      </label>
    </FormDialog>
  );
}

/** The fields of a kind. Secrets are written and never read: one that is left empty stays. */
function Fields({ kind, channel }: { kind: Kind; channel: Channel | undefined }): ReactNode {
  const kept = channel?.has_secret ? t.channel.kept : undefined;
  const to = channel?.destination;
  const secret = (name: string, label: string, isNeeded: boolean) => (
    <Field label={label} {...(kept ? { hint: kept } : {})}>
      <input className="input mono" name={name} type="password" autoComplete="off" required={isNeeded && !channel} />
    </Field>
  );
  if (kind === "slack") return secret("url", t.channel.slackUrl, true);
  if (kind === "webhook") {
    return (
      <>
        <Field label={t.channel.url}>
          <input className="input mono" name="url" type="url" required defaultValue={to?.kind === "webhook" ? to.url : ""} spellCheck={false} />
        </Field>
        {secret("secret", t.channel.secret, false)}
        {!channel && <p className="dim">{t.channel.secretText}</p>}
      </>
    );
  }
  const mail = to?.kind === "email" ? to : undefined;
  return (
    <>
      <div className="halves">
        <Field label={t.channel.host}>
          <input className="input mono" name="host" required defaultValue={mail?.host} spellCheck={false} />
        </Field>
        <Field label={t.channel.port}>
          <input className="input" name="port" type="number" min={1} max={65535} required defaultValue={mail?.port ?? 587} />
        </Field>
        <Field label={t.channel.security}>
          <select className="input" name="security" defaultValue={mail?.security ?? "starttls"}>
            <option value="starttls">STARTTLS</option>
            <option value="tls">TLS</option>
            <option value="none">{t.none}</option>
          </select>
        </Field>
        <Field label={t.channel.from}>
          <input className="input" name="from" required defaultValue={mail?.from} />
        </Field>
        <Field label={t.channel.user}>
          <input className="input" name="user" autoComplete="off" defaultValue={mail?.user ?? ""} />
        </Field>
        {secret("password", t.settings.password, false)}
      </div>
      <Field label={t.channel.to} hint={t.channel.toHint}>
        <input className="input" name="to" required defaultValue={mail?.to.join(", ")} />
      </Field>
    </>
  );
}

function Secret({ secret, close }: { secret: string; close: () => void }) {
  return (
    <Dialog title={t.channel.secret} close={close}>
      <div className="body">
        <p>{t.channel.secretMade}</p>
        <pre className="code soft" tabIndex={0}>
          {secret}
        </pre>
      </div>
      <footer>
        <button className="btn" onClick={() => copy(secret)}>
          {t.copy}
        </button>
        <button className="btn primary" onClick={close}>
          {t.close}
        </button>
      </footer>
    </Dialog>
  );
}
