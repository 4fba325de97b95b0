// What is kept in this browser, and one's own password.

import { call } from "../../api/client";
import { useSession } from "../../api/session";
import { useLiking } from "../../lib/hooks";
import { toast } from "../../lib/toasts";
import { Field, useSend } from "../../parts/form";
import { Problem } from "../../parts/states";
import { t } from "../../strings/en";

const PASSWORD_MIN = 12;

function Choice({ title, now, options, set }: {
  title: string;
  now: string | undefined;
  options: readonly (readonly [string | undefined, string])[];
  set: (next: string | undefined) => void;
}) {
  return (
    <div className="row">
      <span className="choice dim">{title}</span>
      <div className="seg" role="group" aria-label={title}>
        {options.map(([value, label]) => (
          <button key={label} aria-pressed={now === value} onClick={() => set(value)}>
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}

/** The part. */
export function Browser() {
  const [theme, setTheme] = useLiking("theme");
  const [zone, setZone] = useLiking("zone");
  return (
    <div className="halves">
      <section className="card">
        <header>
          <h2>{t.settings.look}</h2>
        </header>
        <div className="pad stack">
          <Choice
            title={t.theme.title}
            now={theme}
            options={[[undefined, t.theme.system], ["dark", t.theme.dark], ["light", t.theme.light]]}
            set={setTheme}
          />
          <Choice title={t.zone.title} now={zone} options={[[undefined, t.zone.utc], ["local", t.zone.local]]} set={setZone} />
        </div>
      </section>
      <Password />
    </div>
  );
}

function Password() {
  const { me, logOut } = useSession();
  const send = (form: FormData): Promise<unknown> =>
    call("post", "/api/v1/session/password", { current: String(form.get("current")), new: String(form.get("new")) });
  const { submit, error, isBusy } = useSend(send, () => {
    toast(t.settings.saved);
    // All sessions have ended with the old password, this one too.
    logOut();
  });
  if (!me?.role) return null;
  return (
    <section className="card">
      <header>
        <h2>{t.settings.ownPassword}</h2>
        <span className="push dim">
          {me.name} · {me.role}
        </span>
      </header>
      <form className="pad stack" onSubmit={submit}>
        <Field label={t.settings.current}>
          <input className="input" name="current" type="password" autoComplete="current-password" required />
        </Field>
        <Field label={t.settings.next} hint={t.setup.rule}>
          <input className="input" name="new" type="password" autoComplete="new-password" minLength={PASSWORD_MIN} required />
        </Field>
        {error !== undefined && <Problem error={error} />}
        <button className="btn fit" disabled={isBusy}>
          {t.save}
        </button>
      </form>
    </section>
  );
}
