// The door: making the first administrator, and signing in.

import { type FormEvent, type ReactNode, useState } from "react";
import { call, type Schemas } from "../api/client";
import { useSession } from "../api/session";
import { Mark } from "../parts/icon";
import { Problem } from "../parts/states";
import { t } from "../strings/en";

const PASSWORD_MIN = 12;

function Door({ title, text, submit, error, isBusy, action, children }: {
  title: string;
  text?: string;
  submit: (form: FormData) => void;
  error: unknown;
  isBusy: boolean;
  action: string;
  children: ReactNode;
}) {
  return (
    <main className="door">
      <form
        className="card"
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          submit(new FormData(event.currentTarget));
        }}
      >
        <div className="brand">
          <Mark />
          {t.product}
        </div>
        <h1>{title}</h1>
        {text && <p className="dim">{text}</p>}
        {children}
        {error !== undefined && <Problem error={error} />}
        <button className="btn primary" disabled={isBusy}>
          {action}
        </button>
      </form>
    </main>
  );
}

function useDoor(): { error: unknown; isBusy: boolean; enter: (ask: () => Promise<Schemas["Me"]>) => void; refuse: (why: string) => void } {
  const { begin } = useSession();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const enter = (ask: () => Promise<Schemas["Me"]>): void => {
    setBusy(true);
    setError(undefined);
    ask().then(begin, (failure: unknown) => {
      setError(failure);
      setBusy(false);
    });
  };
  return { error, isBusy, enter, refuse: setError };
}

const text = (form: FormData, name: string): string => String(form.get(name) ?? "");

/** Makes the first administrator. */
export function Setup() {
  const { error, isBusy, enter, refuse } = useDoor();
  // The address that the server prints carries the token behind `#`, where it is sent to nobody.
  const [given] = useState(() => decodeURIComponent(window.location.hash.slice(1)));
  const submit = (form: FormData): void => {
    const [token, name, password] = [text(form, "token").trim(), text(form, "name"), text(form, "password")];
    if (password !== text(form, "again")) refuse(t.setup.differ);
    else enter(async () => {
      const me = await call("post", "/api/v1/setup", { token, name, password });
      window.history.replaceState(null, "", "/");
      return me;
    });
  };
  return (
    <Door title={t.setup.title} text={t.setup.text} {...{ submit, error, isBusy }} action={t.setup.go}>
      <label className="field">
        <span>{t.setup.token}</span>
        <input className="input mono" name="token" required autoComplete="off" defaultValue={given} autoFocus={given === ""} spellCheck={false} />
      </label>
      <label className="field">
        <span>{t.setup.user}</span>
        <input className="input" name="name" required autoComplete="username" spellCheck={false} autoFocus={given !== ""} />
      </label>
      <label className="field">
        <span>
          {t.setup.password}. {t.setup.rule}
        </span>
        <input className="input" name="password" type="password" required minLength={PASSWORD_MIN} autoComplete="new-password" />
      </label>
      <label className="field">
        <span>{t.setup.again}</span>
        <input className="input" name="again" type="password" required minLength={PASSWORD_MIN} autoComplete="new-password" />
      </label>
    </Door>
  );
}

/** Signs in. */
export function Login() {
  const { isLost } = useSession();
  const { error, isBusy, enter } = useDoor();
  const submit = (form: FormData): void =>
    enter(() => call("post", "/api/v1/session", { name: text(form, "name"), password: text(form, "password") }));
  return (
    <Door title={t.login.title} {...(isLost ? { text: t.login.ended } : {})} {...{ submit, error, isBusy }} action={t.login.go}>
      <label className="field">
        <span>{t.login.user}</span>
        <input className="input" name="name" required autoComplete="username" autoFocus spellCheck={false} />
      </label>
      <label className="field">
        <span>{t.login.password}</span>
        <input className="input" name="password" type="password" required autoComplete="current-password" />
      </label>
    </Door>
  );
}
