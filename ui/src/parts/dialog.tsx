// A window that must be answered first.

import { type ReactNode, useEffect, useId, useRef } from "react";
import { t } from "../strings/en";
import { type Binding, useKeys } from "../lib/keys";
import { Icon } from "./icon";

interface Props {
  title: string;
  close: () => void;
  children: ReactNode;
  keys?: readonly Binding[];
  large?: boolean;
}

/** A modal dialog while it stands; the browser keeps the focus inside and gives it back. */
export function Dialog({ title, close, children, keys = [], large = false }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useKeys(keys, true);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // The first thing to do, not the way out, has the focus.
    dialog?.querySelector<HTMLElement>(".body input, .body button, .body select, .body textarea")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className={large ? "dialog large" : "dialog"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === element.current && close()}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button className="btn ghost square small push" aria-label={t.close} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
