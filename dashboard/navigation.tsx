import type { Child } from "hono/jsx/dom";
import { useState } from "hono/jsx/dom";
import { pathOf, type Route, routeOf } from "./route.ts";
import { useEffect } from "./parts/index.ts";

const CHANGED = "culvert:navigated";

export function navigate(route: Route): void {
  history.pushState(null, "", pathOf(route));
  dispatchEvent(new Event(CHANGED));
}

/** The page that the URL names, updated whenever the URL changes. */
export function useRoute(): Route {
  const [path, setPath] = useState(location.pathname + location.search);
  useEffect(() => {
    const read = () => setPath(location.pathname + location.search);
    addEventListener("popstate", read);
    addEventListener(CHANGED, read);
    return () => {
      removeEventListener("popstate", read);
      removeEventListener(CHANGED, read);
    };
  }, []);
  const [pathname = "", search = ""] = path.split("?");
  return routeOf(pathname, search);
}

/** A real link, so that it can be opened in a new tab. A plain click changes the page without loading it anew. */
export function Link({ to, current = false, children }: { to: Route; current?: boolean; children: Child }) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={pathOf(to)} aria-current={current ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}

/** The heading of a page. It sets the tab's title, and gets the focus when the page is new, for screen readers. */
export function PageTitle({ title, children }: { title: string; children?: Child }) {
  useEffect(() => {
    document.title = `${title} · Culvert`;
  }, [title]);
  return (
    <div class="page-title">
      <h1 tabIndex={-1}>{title}</h1>
      {children}
    </div>
  );
}
