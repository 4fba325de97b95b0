// Everything by its name: pages, rules, hosts, users, things to do.

import { useId, useMemo, useRef, useEffect, useState } from "react";
import { fit, harmless } from "../lib/text";
import { useKeys } from "../lib/keys";
import { t } from "../strings/en";

/** Something to go to or do. */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly run: () => void;
}

const SHOWN_MAX = 40;

/** The palette while it stands. */
export function Palette({ commands, close, find }: { commands: readonly Command[]; close: () => void; find: (text: string) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  useKeys([], true);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const found = useMemo(() => {
    const rated = commands.flatMap((command) => {
      const score = fit(text, command.title);
      return score === undefined ? [] : [{ command, score }];
    });
    const best = rated.sort((a, b) => b.score - a.score).slice(0, SHOWN_MAX).map(({ command }) => command);
    const search: Command = { id: "find", title: t.palette.find(text.trim()), kind: t.palette.search, run: () => find(text.trim()) };
    return text.trim() ? [...best, search] : best;
  }, [commands, text, find]);
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (command: Command | undefined): void => {
    close();
    command?.run();
  };
  const onKey = (key: string): boolean => {
    if (key === "ArrowDown") setAt((at + 1) % Math.max(1, found.length));
    else if (key === "ArrowUp") setAt((at + found.length - 1) % Math.max(1, found.length));
    else if (key === "Enter") run(chosen);
    else return false;
    return true;
  };
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label={t.palette.title}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
        aria-label={t.palette.title}
        placeholder={t.palette.hint}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => onKey(event.key) && event.preventDefault()}
      />
      <ul role="listbox" id={`${id}-list`} aria-label={t.palette.title}>
        {found.map((command) => (
          <li
            key={command.id}
            id={`${id}-${command.id}`}
            role="option"
            aria-selected={command === chosen}
            ref={(element) => {
              if (command === chosen) element?.scrollIntoView({ block: "nearest" });
            }}
            onClick={() => run(command)}
          >
            <span className="clip">{harmless(command.title)}</span>
            <span className="kind">{command.kind}</span>
          </li>
        ))}
      </ul>
    </dialog>
  );
}
