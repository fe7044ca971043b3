// Runs the browser suite's page in headless Chromium with WebGPU on SwiftShader and prints its lines; exit 0 only if every check passed.
//   node run.mjs PKG PLAYWRIGHT CHROMIUM     started by `cargo xtask parity`, which knows the three paths:
//   PKG the modules with their JavaScript, PLAYWRIGHT a folder whose node_modules has playwright-core, CHROMIUM the browser.
//   node run.mjs PKG                         only serves the page and prints its address, for a browser opened by hand.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname, join } from "node:path";

const [pkg, playwright, chromium] = process.argv.slice(2);
const MINUTES_MAX = 20; // six times what the whole suite takes on an idle core: past it something hangs
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** The folder on disk that a request names: "/pkg/FILE" is a built module, anything else is the page. */
function fileOf(url) {
  const name = new URL(url, "http://localhost").pathname.split("/").pop();
  return url.startsWith("/pkg/") ? join(pkg, name) : join(import.meta.dirname, name || "index.html");
}

const server = createServer(async (request, response) => {
  try {
    const file = fileOf(request.url);
    const body = await readFile(file);
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const address = `http://localhost:${server.address().port}/`; // localhost: a secure context, which WebGPU demands

if (playwright) {
  process.exitCode = await runSuite();
  server.close();
} else {
  console.log(address);
}

async function runSuite() {
  const { chromium: launcher } = createRequire(join(playwright, "run.cjs"))("playwright-core");
  const browser = await launcher.launch({
    executablePath: chromium,
    args: [
      "--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader",
      // Without these the browser calls its maker's hosts at every start, which a closed network makes slow and loud.
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
    ],
  });
  try {
    const page = await browser.newPage();
    const failed = await new Promise((settle) => {
      const stop = (why) => { console.log(`the suite did not finish: ${why}`); settle(1); };
      // A panic traps the module without settling its promise: it shows here, as an error of the page.
      page.on("pageerror", (error) => stop(error.message));
      page.on("crash", () => stop("the page crashed"));
      page.on("console", (message) => { if (message.type() !== "log") console.log(`${message.type()}: ${message.text()}`); });
      setTimeout(() => stop(`no end after ${MINUTES_MAX} minutes`), MINUTES_MAX * 60_000).unref();
      page.exposeFunction("hostReport", (line) => console.log(line))
        .then(() => page.exposeFunction("hostFinished", settle))
        .then(() => page.goto(address))
        .catch((error) => stop(error.message));
    });
    return failed ? 1 : 0;
  } finally {
    await browser.close();
  }
}
