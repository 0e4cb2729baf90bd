import fs from 'node:fs';
import { librariesOf } from '../../src/workshop/play/small-root.ts';

/** For containers that speak HTTP on a Unix socket: Node with its libraries, and the daemon's socket where Docker's would be. */
export function withNode(socket: string): { Binds: string[] } {
  const libraries = librariesOf(process.execPath).map(file => `${fs.realpathSync(file)}:${file}:ro`);
  return { Binds: [`${fs.realpathSync(process.execPath)}:/bin/node:ro`, ...libraries, `${socket}:/run/docker.sock`] };
}

/** As a command of a shell. */
const node = (script: string) => `node -e '${script}'`;

/** A request; it prints what it asks for and resolves with the bytes of the answer. */
const ask = `const http = require("http");
const ask = (method, path, body) => new Promise((resolve, reject) => {
  console.log("→", method, path, body ? JSON.stringify(body) : "");
  http.request({ socketPath: "/run/docker.sock", method, path, headers: { "Content-Type": "application/json" } }, answer => {
    const parts = [];
    answer.on("data", part => parts.push(part)).on("end", () => resolve(Buffer.concat(parts)));
  }).on("error", reject).end(body && JSON.stringify(body));
});`;

/**
 * What a container with the socket does to read a file of the host: it tries by itself, then asks for a second container that has the
 * host's root. A script for a shell.
 */
export function askBySocket(image: string, file: string): string {
  const host = { Binds: ['/:/host:ro'], NetworkMode: 'none' };
  const body = { Image: image, Cmd: ['cat', `/host${file}`], HostConfig: host };
  return `grep CapEff /proc/self/status | tr '\\t' ' '
echo "itself: $(cat ${file} 2>&1 | sed 's/.*: //')"
${node(`${ask}
(async () => {
  await ask("POST", "/containers/create?name=second", ${JSON.stringify(body)});
  await ask("POST", "/containers/second/start");
  await ask("POST", "/containers/second/wait");
  const frame = await ask("GET", "/containers/second/logs?stdout=1&stderr=1");
  console.log("by the socket: " + frame.subarray(8));
  await ask("DELETE", "/containers/second");
})();`)}`;
}

/** GET /_ping on both sockets of a daemon, a line each: status and body, or the errno. A script for a shell. */
export function pingBoth(port: number): string {
  return node(`const http = require("http");
const ping = where => new Promise(resolve => {
  http.get({ ...where, path: "/_ping" }, answer => {
    let text = "";
    answer.on("data", part => { text += part; }).on("end", () => resolve(answer.statusCode + " " + text));
  }).on("error", error => resolve(error.code));
});
(async () => {
  console.log(await ping({ socketPath: "/run/docker.sock" }));
  console.log(await ping({ host: "127.0.0.1", port: ${port} }));
})();`);
}
