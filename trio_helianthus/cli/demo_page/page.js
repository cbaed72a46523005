// The demonstration's page: what a browser does with the routes of trio_helianthus' demo service.

const find = (id) => document.getElementById(id);
const milliseconds = (value) => `${value.toFixed(1)} ms`;
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

// ---- live: server-sent events, which a browser asks for again by itself when they end

const POINTS = 60;
const paces = new Array(POINTS).fill(0);
let events = 0;
let requestsBefore = null;

const source = new EventSource("/events?every=0.5");
source.onopen = () => showLink("live");
source.onerror = () => showLink("lost");
source.addEventListener("statistics", (event) => showStatistics(JSON.parse(event.data)));
source.addEventListener("stopped", (event) => showStop(JSON.parse(event.data)));

function showLink(state) {
  find("link").dataset.state = state;
  find("link").textContent = state;
}

function showStatistics(counted) {
  for (const [name, value] of Object.entries(counted)) {
    const place = find(name);
    if (place) place.textContent = value.toLocaleString("en");
  }
  find("events").textContent = ++events;
  paces.shift();
  paces.push(requestsBefore === null ? 0 : Math.max(0, counted.requests - requestsBefore));
  requestsBefore = counted.requests;
  const highest = Math.max(4, ...paces);
  const points = paces.map((pace, n) => `${(n * 240) / (POINTS - 1)},${70 - (pace * 64) / highest}`);
  find("graph").querySelector("polyline").setAttribute("points", points.join(" "));
  find("graph").querySelector("polygon").setAttribute("points", `0,72 ${points.join(" ")} 240,72`);
}

// ---- cancel: the page measures by its own clock, from abort() to the event that tells of the stop

const KEPT_STOPS = 4;
let slow = null;

find("start").onclick = async () => {
  const call = { name: `${Math.random()}`.slice(2), began: performance.now(), control: new AbortController() };
  slow = call;
  find("start").disabled = true;
  find("abort").disabled = false;
  sayOfSlow("running", "The handler is running on the server.");
  showClock(call);
  try {
    const answer = await fetch(`/slow?name=${call.name}`, { signal: call.control.signal });
    sayOfSlow("idle", `It took its 30 seconds: ${await answer.text()}`);
    endSlow();
  } catch (error) {
    if (error.name !== "AbortError") {
      sayOfSlow("idle", `${error}`);
      endSlow();
    }
  }
};

find("abort").onclick = () => {
  slow.aborted = performance.now();
  slow.control.abort();
  find("abort").disabled = true;
};

function showStop({ name, seconds }) {
  if (slow?.name !== name || slow.aborted === undefined) return;
  const after = performance.now() - slow.aborted;
  sayOfSlow("stopped", `The handler has stopped: known here ${milliseconds(after)} after abort().`);
  const item = document.createElement("li");
  item.textContent = `${seconds.toFixed(2)} s of its 30 s, known after ${milliseconds(after)}`;
  find("stops").prepend(item);
  while (find("stops").children.length > KEPT_STOPS) find("stops").lastChild.remove();
  endSlow();
}

function showClock(call) {
  if (slow !== call) return;
  find("clock").textContent = `${((performance.now() - call.began) / 1000).toFixed(1)} s`;
  requestAnimationFrame(() => showClock(call));
}

function endSlow() {
  slow = null;
  find("start").disabled = false;
  find("abort").disabled = true;
  find("clock").textContent = "";
}

function sayOfSlow(state, text) {
  find("verdict").dataset.state = state;
  find("verdict").textContent = text;
}

// ---- routes: the answers of typed routes, with what the middleware has put into their headers

for (const number of [1, 2, 3, 4, 5, 6, 7, 8, "three"]) {
  const button = document.createElement("button");
  button.textContent = number;
  button.onclick = () => askForPlanet(number);
  find("planets").append(button);
}

async function askForPlanet(number) {
  const answer = await fetch(`/planets/${number}`);
  const lines = [`${answer.status} ${(await answer.text()).trim()}`];
  for (const name of ["Server-Timing", "X-Request-ID"]) {
    lines.push(`${name}: ${answer.headers.get(name)}`);
  }
  find("planet").textContent = lines.join("\n");
}

// ---- upload: XMLHttpRequest, for its progress, which fetch does not tell

find("file").onchange = () => {
  if (find("file").files.length) upload(find("file").files[0]);
};
find("made").onclick = () => {
  const noise = new Uint8Array(8 * 2 ** 20);
  for (let at = 0; at < noise.length; at += 65536) {
    crypto.getRandomValues(noise.subarray(at, at + 65536));
  }
  upload(new File([noise], "noise.bin"));
};

function upload(file) {
  const form = new FormData();
  form.append("file", file);
  const request = new XMLHttpRequest();
  request.upload.onprogress = (event) => {
    find("progress").value = event.loaded / event.total;
    find("uploaded").textContent = `${mebibytes(event.loaded)} of ${mebibytes(event.total)}`;
  };
  request.onload = () => showUpload(request.status, request.responseText);
  request.onerror = () => showUpload(0, "refused: it is too long, or the server has gone");
  request.open("POST", "/uploads");
  request.send(form);
}

function showUpload(status, text) {
  if (status !== 200) {
    find("uploaded").textContent = `${status || ""} ${text}`.trim();
    return;
  }
  const seen = JSON.parse(text);
  find("progress").value = 1;
  find("uploaded").textContent =
    `${seen.name}: ${seen.bytes.toLocaleString("en")} bytes, ${seen.pieces} pieces, ` +
    `${milliseconds(seen.seconds * 1000)}\nSHA-256 ${seen.sha256}`;
}

// ---- JSON: each key makes a call, and gives up the one before

let counting = new AbortController();

async function count() {
  counting.abort();
  counting = new AbortController();
  const body = JSON.stringify({ text: find("text").value });
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await fetch("/words", { method: "POST", body, headers, signal: counting.signal });
    find("words").textContent = JSON.stringify(await answer.json(), null, 2);
  } catch (error) {
    if (error.name !== "AbortError") find("words").textContent = `${error}`;
  }
}
find("text").oninput = count;
count();

// ---- stream: an answer that is read piece by piece

find("pull").onclick = async () => {
  const size = 64 * 2 ** 20;
  const began = performance.now();
  find("pull").disabled = true;
  try {
    const answer = await fetch("/stream/1024");
    const first = performance.now() - began;
    const reader = answer.body.getReader();
    let read = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      read += step.value.length;
      find("pulled").value = read / size;
      const pace = read / 2 ** 20 / ((performance.now() - began) / 1000);
      find("pace").textContent = `${pace.toFixed(0)} MiB/s`;
    }
    const took = milliseconds(performance.now() - began);
    find("streamed").textContent = `${mebibytes(read)} in ${took}\nthe head of the answer after ${milliseconds(first)}`;
  } catch (error) {
    find("streamed").textContent = `${error}`;
  } finally {
    find("pull").disabled = false;
  }
};

// ---- WebSockets: a wall that all pages see, and echoes, one after the other

const KEPT_LINES = 4;
const ECHOES = 1000;
const socketUrl = (name) => `${location.origin.replace("http", "ws")}/sockets/${name}`;
let wall = null;

function openWall() {
  wall = new WebSocket(socketUrl("wall"));
  wall.onmessage = (event) => {
    const { pages, reached, text } = JSON.parse(event.data);
    if (pages) find("pages").textContent = pages === 1 ? "first page here" : `page ${pages} here`;
    if (reached) find("pages").textContent = `reached ${reached} page${reached === 1 ? "" : "s"}`;
    if (text === undefined) return;
    const line = document.createElement("li");
    line.textContent = text;
    find("wall").prepend(line);
    while (find("wall").children.length > KEPT_LINES) find("wall").lastChild.remove();
  };
  wall.onclose = () => setTimeout(openWall, 1000);
}
openWall();

find("write").onsubmit = (event) => {
  event.preventDefault();
  if (!find("line").value || wall.readyState !== WebSocket.OPEN) return;
  wall.send(find("line").value);
  find("line").value = "";
};

find("echo").onclick = () => {
  const socket = new WebSocket(socketUrl("echo"));
  let came = 0;
  let began = 0;
  find("echo").disabled = true;
  socket.onopen = () => { began = performance.now(); socket.send(came); };
  socket.onmessage = () => {
    if (++came < ECHOES) return socket.send(came);
    find("pages").textContent = `${milliseconds((performance.now() - began) / came)} an echo`;
    socket.close();
  };
  socket.onclose = () => { find("echo").disabled = false; };
};
