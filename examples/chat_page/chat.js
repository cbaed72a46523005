// The chat's page. What comes from people becomes text, never HTML.
"use strict";

const MOST_LINES = 500; // of a room, in the page
const MARKS = {
  waiting: ["◷", "waiting for the connection"],
  sent: ["✓", "sent"],
  delivered: ["✓✓", "delivered"],
  refused: ["✗", "refused"],
};

const RECONNECTING = "Reconnecting. What you write now is sent as soon as that is done.";
const UNREACHABLE = "The chat cannot be reached now. It is tried again and again.";

const find = (id) => document.getElementById(id);
const places = new Map(); // the rooms that we are in, by their names
let line = null; // our connection
let me = null;
let shown = null; // the room that is to be seen

// ---- small things

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function makeToken() { // crypto.randomUUID() is only there by https
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join("");
}

function remember(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(name, value);
    return localStorage.getItem(name);
  } catch {
    return null; // this browser does not want to
  }
}

function hueOf(name) {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return hash;
}

function makeFace(name) {
  const face = make("span", "face", [...name][0].toUpperCase());
  face.style.setProperty("--hue", hueOf(name));
  face.setAttribute("aria-hidden", "true");
  return face;
}

function makeName(className, name) { // which may be written from right to left
  const element = make("bdi", className, name);
  element.dir = "auto";
  return element;
}

function keyOf(from, tag) { // no name has a line's end
  return `${from}\n${tag}`;
}

// ---- the connection

class Line extends Rooms {
  connect() {
    if (this.hungUp) return;
    super.connect();
    this.socket.addEventListener("open", () => { showLink("connected"); askForRooms(); });
    this.socket.addEventListener("close", () => { if (!this.hungUp) loseLink(this); });
  }
  async refusal() { // the page is not told why a WebSocket was refused; a plain request is
    try {
      const answer = await fetch(this.url.replace("ws", "http"));
      return answer.status === 400 ? await answer.text() : null;
    } catch {
      return null; // there is nobody to ask
    }
  }
  deliver(room, tag, text) {
    return this.ask({ type: "send", room, tag, body: { text } });
  }
  hangUp() {
    this.hungUp = true;
    this.close();
  }
}

function showLink(state, banner = "") {
  find("link").dataset.state = find("link").textContent = state;
  find("banner").textContent = banner;
  find("banner").hidden = !banner;
}

async function loseLink(lost) {
  for (const place of places.values()) place.here = false;
  if (find("link").dataset.state !== "connecting") return showLink("reconnecting", RECONNECTING);
  showLink("connecting", UNREACHABLE);
  const why = await lost.refusal();
  if (why !== null && lost === line && !lost.hungUp) goOut(why);
}

async function askForRooms() {
  try {
    showRooms(await line.request("rooms"));
  } catch {
    // the connection is lost; it is asked again over the next one
  }
}

// ---- the door

find("door").onsubmit = (event) => {
  event.preventDefault();
  me = find("name").value.trim();
  if (!me) return;
  remember("chat-name", me);
  const key = remember("chat-key") ?? remember("chat-key", makeToken()) ?? makeToken();
  const url = new URL("chat", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = new URLSearchParams({ name: me, key });
  find("door").hidden = find("refusal").hidden = true;
  find("house").hidden = false;
  showLink("connecting");
  show(null);
  line = new Line(url.href);
};

function goOut(why) {
  line.hangUp();
  for (const name of [...places.keys()]) forget(name);
  find("rooms").replaceChildren();
  find("house").hidden = true;
  find("door").hidden = find("refusal").hidden = false;
  find("refusal").textContent = why;
  find("name").focus();
  find("name").select();
}

find("name").value = remember("chat-name") ?? "";

// ---- rooms

function showRooms(names) {
  const known = [...find("rooms").children].map((button) => button.dataset.room);
  if (String(known) === String(names)) return showCounts(); // whoever is on a button stays there
  const buttons = names.map((name) => {
    const button = make("button", "room", name);
    button.type = "button";
    button.dataset.room = name;
    button.append(make("span", "unread"));
    button.onclick = () => enter(name);
    return button;
  });
  find("rooms").replaceChildren(...buttons);
  if (shown === null) enter(names[0]);
  else showCounts();
}

function enter(name) {
  if (!places.has(name)) {
    const log = make("ol", "log");
    log.setAttribute("role", "log");
    log.setAttribute("aria-label", `Messages in ${name}`);
    log.setAttribute("aria-busy", "true"); // what was said before is not read out
    log.tabIndex = 0; // to be scrolled by keys
    find("logs").append(log);
    const place = { name, log, here: false, isAtEnd: true, unread: 0, draft: "", people: null, unconfirmed: new Map(), tags: new Map() };
    log.onscroll = () => { if (sizeOf(log) === place.size) noteScrolled(place); };
    places.set(name, place);
    line.join(name, (told) => { if (places.get(name) === place) take(place, told); }); // else we have left it
  }
  show(name);
}

function show(name) {
  if (places.has(shown)) places.get(shown).draft = find("text").value;
  shown = name;
  find("text").value = places.get(name)?.draft ?? "";
  find("title").textContent = name ?? (find("rooms").firstChild ? "Choose a room" : "");
  find("leave").hidden = find("composer").hidden = name === null;
  for (const place of places.values()) place.log.hidden = place.name !== name;
  if (name !== null) {
    const place = places.get(name);
    place.unread = 0;
    showEnd(place);
    find("text").focus();
  }
  showPeople();
  showCounts();
}

function showEnd(place) {
  place.size = sizeOf(place.log);
  place.log.scrollTop = place.log.scrollHeight;
  place.isAtEnd = find("newest").hidden = true;
}

function sizeOf(log) {
  return `${log.clientWidth} ${log.clientHeight}`;
}

function noteScrolled(place) {
  const { log } = place;
  place.isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (place.isAtEnd && place.name === shown) find("newest").hidden = true;
}

// The end stays in sight when the window, a keyboard or the banner changes the size of the log.
new ResizeObserver(() => {
  const place = places.get(shown);
  if (place?.isAtEnd) showEnd(place);
  else if (place) place.size = sizeOf(place.log);
}).observe(find("logs"));

find("newest").onclick = () => { showEnd(places.get(shown)); find("text").focus(); };

function showCounts() {
  let all = 0;
  for (const button of find("rooms").children) {
    const place = places.get(button.dataset.room);
    const unread = place?.unread ?? 0;
    all += unread;
    button.classList.toggle("joined", place !== undefined);
    button.setAttribute("aria-current", String(place?.name === shown && shown !== null));
    button.lastChild.textContent = unread || "";
    button.setAttribute("aria-label", unread ? `${button.dataset.room}, ${unread} unread` : button.dataset.room);
  }
  document.title = `${all ? `(${all}) ` : ""}Sunflower chat`;
}

function forget(name) {
  places.get(name).log.remove();
  places.delete(name);
  if (shown === name) show(null);
}

find("leave").onclick = () => {
  const button = [...find("rooms").children].find(({ dataset }) => dataset.room === shown);
  line.leave(shown).catch(() => {}); // without a connection we have left already
  find("text").value = "";
  forget(shown);
  button.focus();
};

// ---- what we are told of a room

function take(place, told) {
  if (told.type === "error") return noteNotJoined(place, told.error);
  if (told.type === "welcome") return noteJoined(place, told);
  if (told.type === "message") return noteMessage(place, told);
  if (told.type === "gap") notice(place, "Messages are missing here.");
  if (!place.here) return;
  if (told.type === "joined") noteCame(place, told.member);
  if (told.type === "left") noteWent(place, told.member);
}

function noteNotJoined(place, error) {
  if (error.code === undefined) return; // the connection is lost; it is tried again over the next
  if (error.code === "refused") return goOut(error.message);
  notice(place, `We are not in this room: ${error.message}.`);
}

function noteJoined(place, { members, missed }) {
  const before = place.people;
  const names = members.map(({ member }) => member);
  place.here = true;
  if (missed) notice(place, "Messages are missing here.");
  if (before === null) place.people = new Set(names);
  else {
    for (const name of before) if (!names.includes(name)) noteWent(place, name);
    for (const name of names) noteCame(place, name);
  }
  if (place.name === shown) showPeople();
  // Behind the messages of this welcome: some of ours may be among them.
  queueMicrotask(() => {
    for (const message of [...place.unconfirmed.values()]) push(place, message);
    place.log.removeAttribute("aria-busy");
  });
}

function noteMessage(place, { from, tag, body }) {
  const known = tag == null ? undefined : place.tags.get(keyOf(from, tag));
  if (known === undefined) {
    append(place, makeMessage(place, from, body.text, body.at, tag));
    if (place.name === shown && !document.hidden) return;
    place.unread += 1;
    showCounts();
  } else if (from === me && place.unconfirmed.has(tag)) {
    confirm(place, known);
  }
}

function noteCame(place, name) {
  if (place.people.has(name)) return;
  place.people.add(name);
  const last = [...place.log.children].findLast((item) => !item.classList.contains("unconfirmed"));
  if (last?.dataset.gone === name) {
    last.replaceChildren(makeName("", name), " is back");
    delete last.dataset.gone;
  } else notice(place, " has joined", name);
  if (place.name === shown) showPeople();
}

function noteWent(place, name) {
  if (!place.people.delete(name)) return;
  notice(place, " has left", name).dataset.gone = name;
  if (place.name === shown) showPeople();
}

function showPeople() {
  const people = [...(places.get(shown)?.people ?? [])];
  people.sort((one, other) => (other === me) - (one === me) || one.localeCompare(other));
  find("members").replaceChildren(...people.map((name) => {
    const item = make("li", "");
    item.append(makeFace(name), makeName("name", name), make("span", "you", name === me ? "you" : ""));
    return item;
  }));
  find("who").textContent = people.length ? `Who is here (${people.length})` : "Who is here";
}

// ---- messages

function notice(place, text, name = "") {
  const item = make("li", "notice", text);
  if (name) item.prepend(makeName("", name));
  return append(place, item);
}

function makeMessage(place, from, text, at, tag) {
  const item = make("li", from === me ? "message mine" : "message");
  item.dataset.from = from ?? "";
  const bubble = make("div", "bubble");
  const words = make("p", "words", text);
  words.dir = "auto";
  const foot = make("small", "foot");
  const when = at === undefined ? new Date() : new Date(1000 * at);
  const time = make("time", "", when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = when.toISOString();
  foot.append(time);
  bubble.append(makeName("from", from ?? "the house"), words, foot);
  item.append(makeFace(from ?? "☀"), bubble);
  item.style.setProperty("--hue", hueOf(from ?? "☀"));
  if (tag != null) {
    item.dataset.tag = keyOf(from, tag);
    place.tags.set(item.dataset.tag, item);
  }
  if (from === me) {
    foot.append(make("span", "mark"));
    mark(item, "delivered");
  }
  return item;
}

function append(place, item) {
  const { log } = place;
  const staysAtEnd = place.isAtEnd || item.classList.contains("mine");
  insert(place, item, log.querySelector(".unconfirmed"));
  while (log.children.length > MOST_LINES) {
    place.tags.delete(log.firstChild.dataset.tag);
    log.firstChild.remove();
  }
  if (staysAtEnd) showEnd(place);
  else if (place.name === shown) find("newest").hidden = false;
  return item;
}

function insert(place, item, next) {
  place.log.insertBefore(item, next);
  for (const changed of [item, item.nextElementSibling]) {
    const { from } = changed?.dataset ?? {};
    changed?.classList.toggle("same", from !== undefined && changed.previousElementSibling?.dataset.from === from);
  }
}

function mark(item, state, why = MARKS[state][1]) {
  const sign = item.querySelector(".mark");
  item.dataset.state = state;
  sign.textContent = MARKS[state][0];
  sign.title = why;
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", why);
}

function say(place, text) {
  const tag = makeToken();
  const item = makeMessage(place, me, text, undefined, tag);
  mark(item, "waiting");
  append(place, item);
  item.classList.add("unconfirmed"); // it stands below what has its place
  const message = { tag, text, item };
  place.unconfirmed.set(tag, message);
  push(place, message);
}

async function push(place, { tag, text, item }) {
  mark(item, place.here ? "sent" : "waiting");
  if (!place.here) return;
  try {
    await line.deliver(place.name, tag, text);
    confirm(place, item);
  } catch (error) {
    if (!place.unconfirmed.has(tag)) return;
    if (error.code === undefined) return mark(item, "waiting"); // until we are back
    place.unconfirmed.delete(tag);
    mark(item, "refused", error.message);
    item.querySelector(".foot").append(make("span", "why", error.message));
  }
}

function confirm(place, item) {
  const tag = item.dataset.tag.slice(keyOf(me, "").length);
  if (!place.unconfirmed.delete(tag)) return;
  item.classList.remove("unconfirmed");
  insert(place, item, place.log.querySelector(".unconfirmed"));
  mark(item, "delivered");
}

find("composer").onsubmit = (event) => {
  event.preventDefault();
  const text = find("text").value.trim();
  if (!text || shown === null) return;
  say(places.get(shown), text);
  find("text").value = "";
  find("text").focus();
};

find("text").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find("composer").requestSubmit();
};

document.onvisibilitychange = () => {
  if (document.hidden || shown === null) return;
  places.get(shown).unread = 0;
  showCounts();
};
