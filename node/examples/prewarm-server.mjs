// A server that listens when its file is in memory, so that the first request is as quick as the others.
//
//   node prewarm-server.mjs [--port PORT] [--rate BYTES] [FILE]
//
// GET /?offset=0&length=16 answers with bytes of the file, GET /residency with what of it is in memory. SIGTERM ends it, the warming
// too. --rate limits what is read in a second, for the others who need the disk.

import http from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { open } from "mmapio";

const { values, positionals } = parseArgs({
  options: { port: { type: "string", default: "0" }, rate: { type: "string" } },
  allowPositionals: true,
});

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const table = open(positionals[0] ?? fileURLToPath(import.meta.url));

/** Loads the file, and tells how far it is. */
async function warm() {
  const rate = values.rate && Number(values.rate);
  const onProgress = ({ bytes, total }) => console.error(`warming: ${bytes} of ${total ?? "?"} bytes`);
  const report = await table.warmAsync({ rate, signal: stop.signal, onProgress });
  // What stayed out is no reason not to serve: it is read when it is asked for.
  for (const { reason, pages } of report.remaining) console.error(`warming: ${pages} pages are not in memory: ${reason}`);
  console.error(`warming: ${report.residentPages ?? "?"} of ${report.pages} pages are in memory`);
}

function answer(request, response) {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/residency") return response.end(JSON.stringify(table.residency()));
  const offset = Number(url.searchParams.get("offset") ?? 0);
  const length = Number(url.searchParams.get("length") ?? 16);
  try {
    // A copy: a view of the mapping would still be on its way to the socket when the mapping is closed.
    response.end(table.read(offset, length));
  } catch (error) {
    response.writeHead(error instanceof RangeError ? 416 : 500).end(`${error.message}\n`);
  }
}

function serve() {
  const server = http.createServer(answer);
  server.listen(Number(values.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
  stop.signal.addEventListener("abort", () => {
    server.close(() => table.close());
    server.closeIdleConnections();
  });
}

try {
  await warm();
  serve();
} catch (error) {
  if (error.name !== "AbortError") throw error;
  console.error("warming: aborted");
  table.close();
  process.exitCode = 1;
}
