// Runs the calculator under Pyodide, away from the page: one question after the other, each through the doors of the API.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Python = any;

const ASK = `
def ask(name, body, lang):
    from vidcalc.faces.web.doors import opened

    status, said = opened(name, body.encode(), lang)
    return f"{status} {said.decode()}"

ask
`;
const WARM = '{"asked": {"model": "wan2.1-t2v-1.3b"}, "changes": false}'; // imports what every answer needs

const begun = begin();
begun.then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ broken: String(error) }),
);

onmessage = async ({ data: { id, name, body, lang } }) => {
  const ask = await begun;
  try {
    const said: string = ask(name, body, lang);
    const cut = said.indexOf(" ");
    postMessage({ id, status: Number(said.slice(0, cut)), text: said.slice(cut + 1) });
  } catch (error) {
    const [last] = String(error).trim().split("\n").filter((line) => /^\w*(Error|Exception)\b/.test(line)).slice(-1);
    const message = last ?? String(error);
    postMessage({ id, status: 500, text: JSON.stringify({ error: { message } }) });
  }
};

async function begin(): Promise<Python> {
  const runtime = "./pyodide/pyodide.mjs"; // a file of the site, not of this bundle
  const [{ loadPyodide }, parts] = await Promise.all([import(runtime), fetch("wheels/parts.json").then((found) => found.json())]);
  const python = await loadPyodide({ indexURL: new URL("pyodide/", self.location.href).href });
  const home: string = python.runPython("import site; site.getsitepackages()[0]");
  await Promise.all(
    parts.zips.map(async (name: string) => {
      const content = await (await fetch(`wheels/${name}`)).arrayBuffer();
      python.unpackArchive(content, "zip", { extractDir: home });
    }),
  );
  for (const name of parts.wheels) await python.loadPackage(new URL(`wheels/${name}`, self.location.href).href, { messageCallback: () => undefined });
  const ask = python.runPython(ASK);
  ask("page", WARM, "en");
  return ask;
}
