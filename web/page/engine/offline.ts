// A service worker: after the first load the site needs no network.
const KEPT = "vidcalc-VERSION"; // the site's own digest, written into the file when the site is made

const scope = self as unknown as ServiceWorkerGlobalScope;

interface ServiceWorkerGlobalScope {
  addEventListener(name: string, does: (event: any) => void): void; // eslint-disable-line @typescript-eslint/no-explicit-any
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

scope.addEventListener("install", (event) => event.waitUntil(keep()));
scope.addEventListener("activate", (event) => event.waitUntil(forget()));
scope.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith(answer(event.request));
});

async function keep(): Promise<void> {
  const files: string[] = await (await fetch("files.json")).json();
  await (await caches.open(KEPT)).addAll(["./", ...files]);
  await scope.skipWaiting();
}

async function forget(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("vidcalc-") && name !== KEPT) await caches.delete(name);
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const kept = await (await caches.open(KEPT)).match(request, { ignoreSearch: true });
  return kept ?? fetch(request);
}
