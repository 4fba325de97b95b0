// Keys for programs.

import { type FormEvent, useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call, get, type Schemas } from "../../api/client";
import { useSession } from "../../api/session";
import { harmless } from "../../lib/text";
import { instant, stamp } from "../../lib/time";
import { toast } from "../../lib/toasts";
import { Dialog } from "../../parts/dialog";
import { copy } from "../../parts/value_menu";
import { Empty, Problem, Ready } from "../../parts/states";
import { t } from "../../strings/en";

const DAY_MS = 86_400_000;

/** The part. */
export function Keys() {
  const asked = useQuery({ queryKey: ["keys"], queryFn: ({ signal }) => get("/api/v1/keys", { signal }) });
  const [isAdding, setAdding] = useState(false);
  return (
    <section className="card">
      <header>
        <h2>{t.settings.keys}</h2>
        <button className="btn small push" onClick={() => setAdding(true)}>
          {t.settings.newKey}
        </button>
      </header>
      <Ready of={asked} rows={4}>
        {(keys) => (keys.length === 0 ? <Empty title={t.settings.noKeys}><p>{t.settings.noKeysText}</p></Empty> : <List keys={keys} />)}
      </Ready>
      {isAdding && <NewKey close={() => setAdding(false)} />}
    </section>
  );
}

function List({ keys }: { keys: readonly Schemas["KeyRow"][] }) {
  const queries = useQueryClient();
  const revoke = (id: string): void =>
    void call("delete", "/api/v1/keys/{id}", undefined, { params: { id } })
      .then(() => toast(t.settings.revoked), (error: unknown) => toast(error instanceof Error ? error.message : String(error), { failed: true }))
      .finally(() => void queries.invalidateQueries({ queryKey: ["keys"] }));
  return (
    <div className="hscroll" tabIndex={0} role="region" aria-label={t.settings.keys}>
      <table className="table">
        <thead>
          <tr>
            {[t.settings.name, t.settings.scopes, t.settings.owner, t.settings.made, t.settings.expires, t.settings.last].map((name) => (
              <th key={name}>{name}</th>
            ))}
            <th />
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td>
                <b>{harmless(key.name)}</b> <span className="mono faint">{key.id.slice(0, 8)}…</span>
              </td>
              <td>
                <span className="row">
                  {key.scopes.map((scope) => (
                    <span key={scope} className="pill">
                      {scope}
                    </span>
                  ))}
                </span>
              </td>
              <td>{harmless(key.owner)}</td>
              <td className="mono dim">{stamp(instant(key.made))}</td>
              <td className="mono dim">{key.expires ? stamp(instant(key.expires)) : t.settings.never}</td>
              <td className="mono dim">{key.last_used ? stamp(instant(key.last_used)) : t.settings.never}</td>
              <td className="num">
                {key.revoked ? (
                  <span className="pill warn">{t.settings.isRevoked}</span>
                ) : (
                  <button className="btn small danger" onClick={() => revoke(key.id)}>
                    {t.settings.revoke}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NewKey({ close }: { close: () => void }) {
  const queries = useQueryClient();
  const { me } = useSession();
  const [error, setError] = useState<unknown>();
  const [made, setMade] = useState<Schemas["KeyMade"]>();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = Number(form.get("days"));
    const scopes = form.getAll("scope").map(String) as Schemas["Scope"][];
    const expires = days > 0 ? { expires: new Date(Date.now() + days * DAY_MS).toISOString() } : {};
    call("post", "/api/v1/keys", { name: String(form.get("name")), scopes, ...expires }).then((key) => {
      setMade(key);
      void queries.invalidateQueries({ queryKey: ["keys"] });
    }, setError);
  };
  return (
    <Dialog title={t.settings.newKey} close={close}>
      {made ? (
        <>
          <div className="body">
            <p>{t.settings.keyMade}</p>
            <pre className="code soft" tabIndex={0}>{`Authorization: ApiKey ${made.encoded}`}</pre>
          </div>
          <footer>
            <button className="btn" onClick={() => copy(made.encoded)}>
              {t.copy}
            </button>
            <button className="btn primary" onClick={close}>
              {t.close}
            </button>
          </footer>
        </>
      ) : (
        <form onSubmit={submit}>
          <div className="body">
            <label className="field">
              <span>{t.settings.purpose}</span>
              <input className="input" name="name" required maxLength={200} />
            </label>
            <fieldset className="field plain">
              <legend className="dim">{t.settings.scopes}</legend>
              <span className="row">
                {me?.scopes.map((scope) => (
                  <label key={scope} className="row tight">
                    <input type="checkbox" name="scope" value={scope} defaultChecked={scope === "ingest"} /> {scope}
                  </label>
                ))}
              </span>
            </fieldset>
            <label className="field">
              <span>{t.settings.days}</span>
              <input className="input" name="days" type="number" min={1} max={3650} />
            </label>
            {error !== undefined && <Problem error={error} />}
          </div>
          <footer>
            <button className="btn primary">{t.settings.create}</button>
          </footer>
        </form>
      )}
    </Dialog>
  );
}
