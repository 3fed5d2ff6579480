// Runs the calculator under Pyodide, away from the page: one question after the other, each through the doors of the API.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Python = any;

const ASK = `
def ask(name, body, lang):
    from vidcalc.faces.web.doors import opened

    status, said = opened(name, body.encode(), lang)
    return f"{status} {said.decode()}"


def read(name, content, lang):
    from tempfile import TemporaryDirectory

    from vidcalc.faces.web.doors import received_file

    with TemporaryDirectory() as folder:
        status, said = received_file(name, content.to_bytes(), lang, folder)
    return f"{status} {said.decode()}"

(ask, read)
`;
const WARM = '{"asked": {"model": "wan2.1-t2v-1.3b"}, "changes": false}'; // imports what every answer needs

const begun = begin();
begun.then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ broken: String(error) }),
);

onmessage = async ({ data: { id, name, body, content, lang } }) => {
  try {
    const [ask, read] = await begun; // rejected where Python did not begin: said of every question
    const said: string = content ? read(name, content, lang) : ask(name, body, lang);
    const cut = said.indexOf(" ");
    postMessage({ id, status: Number(said.slice(0, cut)), text: said.slice(cut + 1) });
  } catch (error) {
    const raised = String(error).trim().split("\n").filter((line) => /^[\w.]*(Error|Exception)\b/.test(line));
    const arrays = /No module named '(numpy|polars)'/.test(String(error)); // there is no package of them for browsers
    const text = JSON.stringify({ error: { message: arrays ? "NumPy" : (raised.at(-1) ?? String(error)) } });
    postMessage({ id, status: 500, text, arrays });
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
  const doors = python.runPython(ASK).toJs();
  doors[0]("page", WARM, "en");
  return doors;
}
