// A menu beside what it belongs to. The browser's popover closes it on a click elsewhere and on Escape.

import { type ReactNode, useEffect, useRef, useState } from "react";
import { harmless } from "../lib/text";

/** A line of a menu. */
export interface Item {
  readonly label: string;
  readonly run?: () => void;
  readonly href?: string;
  readonly key?: string;
}

interface Props {
  button: (open: (from: HTMLElement) => void, isOpen: boolean) => ReactNode;
  items: readonly Item[];
  title?: string;
}

function place(menu: HTMLElement, from: HTMLElement): void {
  const { left, bottom, top } = from.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`;
  menu.style.top = `${bottom + height + 8 > window.innerHeight ? Math.max(8, top - height - 4) : bottom + 4}px`;
}

/** A button with its menu. */
export function Menu({ button, items, title }: Props) {
  const menu = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState<HTMLElement>();
  useEffect(() => {
    const element = menu.current;
    if (!from || !element) return;
    element.showPopover();
    place(element, from);
    element.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [from]);
  const move = (by: number): void => {
    const all = [...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.findIndex((item) => item === document.activeElement);
    all[(at + by + all.length) % all.length]?.focus();
  };
  const shut = (): void => menu.current?.hidePopover();
  return (
    <>
      {button(setFrom, from !== undefined)}
      {from && (
        <div
          ref={menu}
          className="menu"
          popover="auto"
          onToggle={(event) => {
            if (event.newState === "closed") {
              from.focus({ preventScroll: true });
              setFrom(undefined);
            }
          }}
          onClick={(event) => event.stopPropagation()}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
              event.preventDefault();
              move(event.key === "ArrowDown" ? 1 : -1);
            }
            if (event.key !== "Escape") event.stopPropagation();
          }}
        >
          {title !== undefined && <div className="title mono">{harmless(title)}</div>}
          <div role="menu" aria-label={title ? harmless(title) : undefined}>
            {items.map((item) =>
              item.href ? (
                <a key={item.label} role="menuitem" href={item.href} onClick={shut}>
                  {item.label}
                </a>
              ) : (
                <button
                  key={item.label}
                  role="menuitem"
                  onClick={() => {
                    shut();
                    item.run?.();
                  }}
                >
                  {item.label}
                  {item.key && <kbd>{item.key}</kbd>}
                </button>
              ),
            )}
          </div>
        </div>
      )}
    </>
  );
}
