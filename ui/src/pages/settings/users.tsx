// Who may come in, and as what.

import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { call, get, type Schemas } from "../../api/client";
import { useSession } from "../../api/session";
import { harmless } from "../../lib/text";
import { instant, stamp } from "../../lib/time";
import { Field, FormDialog, useAct } from "../../parts/form";
import { Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";

const ROLES = ["viewer", "analyst", "engineer", "responder", "admin", "ingest"] as const;

type Role = Schemas["Role"];
type User = Schemas["UserRow"];

/** The part. */
export function Users() {
  const asked = useQuery({ queryKey: ["users"], queryFn: ({ signal }) => get("/api/v1/users", { signal }) });
  const [isAdding, setAdding] = useState(false);
  return (
    <section className="card">
      <header>
        <h2>{t.settings.users}</h2>
        <button className="btn small push" onClick={() => setAdding(true)}>
          {t.settings.newUser}
        </button>
      </header>
      <Ready of={asked} rows={4}>
        {(users) => <List users={users} />}
      </Ready>
      {isAdding && <NewUser close={() => setAdding(false)} />}
    </section>
  );
}

function roles() {
  return ROLES.map((role) => (
    <option key={role} value={role}>
      {role} ({t.settings.roles[role]})
    </option>
  ));
}

function List({ users }: { users: readonly User[] }) {
  const act = useAct("users");
  const { me } = useSession();
  const change = ({ name }: User, to: Schemas["UserChange"]): void =>
    void act(() => call("patch", "/api/v1/users/{name}", to, { params: { name } }), `${t.settings.saved}: ${harmless(name)}`);
  const columns: Column<User>[] = [
    { head: t.settings.name, cell: ({ name }) => <b>{harmless(name)}</b> },
    {
      head: t.settings.role,
      cell: (user) => (
        <select
          className="input fit-input"
          aria-label={`${t.settings.role}: ${harmless(user.name)}`}
          value={user.role}
          disabled={me?.name === user.name}
          onChange={(event) => change(user, { role: event.target.value as Role })}
        >
          {roles()}
        </select>
      ),
    },
    {
      head: t.settings.state,
      cell: (user) => (
        <span className="row">
          <span className={user.is_disabled ? "pill warn" : "pill acc"}>{user.is_disabled ? t.settings.disabled : t.settings.active}</span>
          {user.locked_until && <span className="pill warn">{t.settings.locked(stamp(instant(user.locked_until)))}</span>}
        </span>
      ),
    },
    { head: t.settings.made, kind: "mono dim", cell: ({ made }) => stamp(instant(made)) },
    {
      head: "",
      kind: "num",
      cell: (user) =>
        me?.name !== user.name && (
          <button className="btn small" onClick={() => change(user, { is_disabled: !user.is_disabled })}>
            {user.is_disabled ? t.settings.enable : t.settings.disable}
          </button>
        ),
    },
  ];
  return <Table label={t.settings.users} rows={users} columns={columns} keyOf={({ name }) => name} />;
}

function NewUser({ close }: { close: () => void }) {
  const act = useAct("users");
  const send = async (form: FormData): Promise<void> => {
    const name = String(form.get("name"));
    await call("post", "/api/v1/users", { name, password: String(form.get("password")), role: String(form.get("role")) as Role });
    await act(() => Promise.resolve(), t.settings.userMade(harmless(name)));
  };
  return (
    <FormDialog title={t.settings.newUser} close={close} send={send} go={t.settings.create}>
      <Field label={t.settings.name}>
        <input className="input" name="name" required maxLength={64} autoComplete="off" spellCheck={false} />
      </Field>
      <Field label={t.settings.password} hint={t.setup.rule}>
        <input className="input" name="password" type="password" required minLength={12} autoComplete="new-password" />
      </Field>
      <Field label={t.settings.role}>
        <select className="input" name="role" defaultValue="analyst">
          {roles()}
        </select>
      </Field>
    </FormDialog>
  );
}
