// Forms: fields with their labels, a dialog that sends one, and calls that tell how they went.

import { type FormEvent, type ReactNode, useCallback, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { toast } from "../lib/toasts";
import { t } from "../strings/en";
import { Dialog } from "./dialog";
import { Problem } from "./states";

/** A field: its label, what is typed into, and a hint. */
export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className="field">
      <span>
        {label}
        {hint && <span className="faint"> · {hint}</span>}
      </span>
      {children}
    </label>
  );
}

/** A choice among few, as buttons that share a name in the form. */
export function Choices({ label, name, options, value, set }: {
  label: string;
  name: string;
  options: readonly { value: string; label: string; hint?: string; isOff?: boolean }[];
  value: string;
  set: (value: string) => void;
}) {
  return (
    <fieldset className="field plain">
      <legend className="dim">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className="row tight choice-row">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={value === option.value}
            disabled={option.isOff ?? false}
            onChange={() => set(option.value)}
          />
          <span>
            {option.label}
            {option.hint && <span className="faint"> · {option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface FormProps {
  title: string;
  close: () => void;
  /** Sends it; what it throws is shown in the form. */
  send: (form: FormData) => Promise<unknown>;
  /** The word on its button. */
  go: string;
  children: ReactNode;
  isReady?: boolean;
  large?: boolean;
}

/** A dialog with a form. It closes when what it sends has arrived. */
export function FormDialog({ title, close, send, go, children, isReady = true, large = false }: FormProps) {
  const { submit, error, isBusy } = useSend(send, close);
  return (
    <Dialog title={title} close={close} large={large}>
      <form onSubmit={submit}>
        <div className="body">
          {children}
          {error !== undefined && <Problem error={error} />}
        </div>
        <footer>
          <button type="button" className="btn ghost" onClick={close}>
            {t.cancel}
          </button>
          <button className="btn primary" disabled={isBusy || !isReady}>
            {go}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What a form needs to be sent once at a time, and to say what went wrong. */
export function useSend(send: (form: FormData) => Promise<unknown>, done: () => void) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    send(new FormData(event.currentTarget))
      .then(done, setError)
      .finally(() => setBusy(false));
  };
  return { submit, error, isBusy };
}

/** The text of a field without blanks around it; none if it is empty. */
export function textOf(form: FormData, name: string): string | undefined {
  return String(form.get(name) ?? "").trim() || undefined;
}

/** The number of a field; none if it is empty. */
export function numberOf(form: FormData, name: string): number | undefined {
  const text = textOf(form, name);
  return text === undefined ? undefined : Number(text);
}

/** A function that does something on the server, says how it went, and has what changed by it asked for anew. */
export function useAct(...keys: readonly string[]): (run: () => Promise<unknown>, told?: string, undo?: () => void) => Promise<boolean> {
  const queries = useQueryClient();
  const list = keys.join(" ");
  return useCallback(
    async (run, told, undo) => {
      try {
        await run();
        if (told !== undefined) toast(told, undo ? { undo } : {});
        return true;
      } catch (error) {
        toast(error instanceof Error ? error.message : String(error), { failed: true });
        return false;
      } finally {
        for (const key of list.split(" ")) void queries.invalidateQueries({ queryKey: [key] });
      }
    },
    [queries, list],
  );
}
