// The messages at the corner.

import { t } from "../strings/en";
import { dismiss, undoLast, useToasts } from "../lib/toasts";
import { useKeys } from "../lib/keys";
import { Icon } from "./icon";

/** Where messages stand. */
export function Toasts() {
  const toasts = useToasts();
  useKeys([{ keys: "z", label: t.keys.undo, run: () => void undoLast(), hint: toasts.some(({ undo }) => undo) }]);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text, failed, undo }) => (
        <div key={id} className={failed ? "toast failed" : "toast"}>
          <span className="wrap">{text}</span>
          {undo && (
            <button
              className="btn small"
              onClick={() => {
                dismiss(id);
                undo();
              }}
            >
              {t.undo} <kbd>z</kbd>
            </button>
          )}
          <button className="btn ghost small square" aria-label={t.dismiss} onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
