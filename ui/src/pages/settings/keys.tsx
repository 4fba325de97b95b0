// Keys for programs.

import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { call, get, type Schemas } from "../../api/client";
import { useSession } from "../../api/session";
import { harmless } from "../../lib/text";
import { instant, stamp } from "../../lib/time";
import { Dialog } from "../../parts/dialog";
import { Field, FormDialog, numberOf, useAct } from "../../parts/form";
import { copy } from "../../parts/value_menu";
import { Empty, Ready } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { t } from "../../strings/en";

const DAY_MS = 86_400_000;

type Key = Schemas["KeyRow"];

/** The part. */
export function Keys() {
  const asked = useQuery({ queryKey: ["keys"], queryFn: ({ signal }) => get("/api/v1/keys", { signal }) });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<Schemas["KeyMade"]>();
  return (
    <section className="card">
      <header>
        <h2>{t.settings.keys}</h2>
        <button className="btn small push" onClick={() => setAdding(true)}>
          {t.settings.newKey}
        </button>
      </header>
      <Ready of={asked} rows={4}>
        {(keys) =>
          keys.length === 0 ? (
            <Empty title={t.settings.noKeys}>
              <p>{t.settings.noKeysText}</p>
            </Empty>
          ) : (
            <List keys={keys} />
          )
        }
      </Ready>
      {isAdding && <NewKey close={() => setAdding(false)} made={setMade} />}
      {made && <Made made={made} close={() => setMade(undefined)} />}
    </section>
  );
}

function when(at: string | null | undefined): string {
  return at ? stamp(instant(at)) : t.settings.never;
}

function List({ keys }: { keys: readonly Key[] }) {
  const act = useAct("keys");
  const revoke = (id: string): void => void act(() => call("delete", "/api/v1/keys/{id}", undefined, { params: { id } }), t.settings.revoked);
  const columns: Column<Key>[] = [
    {
      head: t.settings.name,
      cell: ({ name, id }) => (
        <>
          <b>{harmless(name)}</b> <span className="mono faint">{id.slice(0, 8)}…</span>
        </>
      ),
    },
    {
      head: t.settings.scopes,
      cell: ({ scopes }) => (
        <span className="row">
          {scopes.map((scope) => (
            <span key={scope} className="pill">
              {scope}
            </span>
          ))}
        </span>
      ),
    },
    { head: t.settings.owner, cell: ({ owner }) => harmless(owner) },
    { head: t.settings.made, kind: "mono dim", cell: ({ made }) => stamp(instant(made)) },
    { head: t.settings.expires, kind: "mono dim", cell: ({ expires }) => when(expires) },
    { head: t.settings.last, kind: "mono dim", cell: ({ last_used }) => when(last_used) },
    {
      head: "",
      kind: "num",
      cell: ({ id, revoked }) =>
        revoked ? (
          <span className="pill warn">{t.settings.isRevoked}</span>
        ) : (
          <button className="btn small danger" onClick={() => revoke(id)}>
            {t.settings.revoke}
          </button>
        ),
    },
  ];
  return <Table label={t.settings.keys} rows={keys} columns={columns} keyOf={({ id }) => id} />;
}

function NewKey({ close, made }: { close: () => void; made: (key: Schemas["KeyMade"]) => void }) {
  const act = useAct("keys");
  const { me } = useSession();
  const send = async (form: FormData): Promise<void> => {
    const days = numberOf(form, "days");
    const scopes = form.getAll("scope").map(String) as Schemas["Scope"][];
    const expires = days === undefined ? {} : { expires: new Date(Date.now() + days * DAY_MS).toISOString() };
    const key = await call("post", "/api/v1/keys", { name: String(form.get("name")), scopes, ...expires });
    await act(() => Promise.resolve());
    made(key);
  };
  return (
    <FormDialog title={t.settings.newKey} close={close} send={send} go={t.settings.create}>
      <Field label={t.settings.purpose}>
        <input className="input" name="name" required maxLength={200} />
      </Field>
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
      <Field label={t.settings.days}>
        <input className="input" name="days" type="number" min={1} max={3650} />
      </Field>
    </FormDialog>
  );
}

/** The key, this one time. */
function Made({ made, close }: { made: Schemas["KeyMade"]; close: () => void }) {
  return (
    <Dialog title={t.settings.newKey} close={close}>
      <div className="body">
        <p>{t.settings.keyMade}</p>
        <pre className="code soft" tabIndex={0}>{`Authorization: ApiKey ${made.encoded}`}</pre>
        <p>{t.settings.keyParts}</p>
        <pre className="code soft" tabIndex={0}>{`${made.id}:${made.secret}`}</pre>
      </div>
      <footer>
        <button className="btn" onClick={() => copy(made.encoded)}>
          {t.copy}
        </button>
        <button className="btn primary" onClick={close}>
          {t.close}
        </button>
      </footer>
    </Dialog>
  );
}
