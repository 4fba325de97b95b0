// Who may come in, and as what.

import { type FormEvent, useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call, get, type Schemas } from "../../api/client";
import { useSession } from "../../api/session";
import { harmless } from "../../lib/text";
import { instant, stamp } from "../../lib/time";
import { toast } from "../../lib/toasts";
import { Dialog } from "../../parts/dialog";
import { Problem, Ready } from "../../parts/states";
import { t } from "../../strings/en";

const ROLES = ["viewer", "analyst", "engineer", "responder", "admin", "ingest"] as const;

type Role = Schemas["Role"];

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
        {(users) => (
          <table className="table">
            <thead>
              <tr>
                <th>{t.settings.name}</th>
                <th>{t.settings.role}</th>
                <th>{t.settings.state}</th>
                <th>{t.settings.made}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {users.map((user) => (
                <User key={user.name} user={user} />
              ))}
            </tbody>
          </table>
        )}
      </Ready>
      {isAdding && <NewUser close={() => setAdding(false)} />}
    </section>
  );
}

function useChange(): (name: string, change: Schemas["UserChange"], told: string) => void {
  const queries = useQueryClient();
  return (name, change, told) =>
    void call("patch", "/api/v1/users/{name}", change, { params: { name } })
      .then(() => toast(told), (error: unknown) => toast(error instanceof Error ? error.message : String(error), { failed: true }))
      .finally(() => void queries.invalidateQueries({ queryKey: ["users"] }));
}

function User({ user }: { user: Schemas["UserRow"] }) {
  const change = useChange();
  const { me } = useSession();
  const isMe = me?.name === user.name;
  const told = `${t.settings.saved}: ${user.name}`;
  return (
    <tr>
      <td>
        <b>{harmless(user.name)}</b>
      </td>
      <td>
        <select
          className="input fit-input"
          aria-label={`${t.settings.role}: ${harmless(user.name)}`}
          value={user.role}
          disabled={isMe}
          onChange={(event) => change(user.name, { role: event.target.value as Role }, told)}
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {role} ({t.settings.roles[role]})
            </option>
          ))}
        </select>
      </td>
      <td>
        <span className={user.is_disabled ? "pill warn" : "pill acc"}>{user.is_disabled ? t.settings.disabled : t.settings.active}</span>
        {user.locked_until && <span className="pill warn">{t.settings.locked(stamp(instant(user.locked_until)))}</span>}
      </td>
      <td className="mono dim">{stamp(instant(user.made))}</td>
      <td className="num">
        {!isMe && (
          <button className="btn small" onClick={() => change(user.name, { is_disabled: !user.is_disabled }, told)}>
            {user.is_disabled ? t.settings.enable : t.settings.disable}
          </button>
        )}
      </td>
    </tr>
  );
}

function NewUser({ close }: { close: () => void }) {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get("name"));
    call("post", "/api/v1/users", { name, password: String(form.get("password")), role: String(form.get("role")) as Role }).then(() => {
      close();
      toast(t.settings.userMade(name));
      void queries.invalidateQueries({ queryKey: ["users"] });
    }, setError);
  };
  return (
    <Dialog title={t.settings.newUser} close={close}>
      <form onSubmit={submit}>
        <div className="body">
          <label className="field">
            <span>{t.settings.name}</span>
            <input className="input" name="name" required maxLength={64} autoComplete="off" spellCheck={false} />
          </label>
          <label className="field">
            <span>
              {t.settings.password}. {t.setup.rule}
            </span>
            <input className="input" name="password" type="password" required minLength={12} autoComplete="new-password" />
          </label>
          <label className="field">
            <span>{t.settings.role}</span>
            <select className="input" name="role" defaultValue="analyst">
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {role} ({t.settings.roles[role]})
                </option>
              ))}
            </select>
          </label>
          {error !== undefined && <Problem error={error} />}
        </div>
        <footer>
          <button className="btn primary">{t.settings.create}</button>
        </footer>
      </form>
    </Dialog>
  );
}
