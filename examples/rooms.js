// A client of the rooms protocol for browsers. It comes back when it is lost, and misses nothing.
//
//   const rooms = new Rooms(url, answer);   answer(body) replies to requests of the server's
//   rooms.join(room, listener);             listener(told) gets the welcome, and whatever happens then;
//                                           { type: "error", error } says that we are not in it any more
//   await rooms.send(room, body);           over losses, too: said at least once, nearly always once
//   await rooms.request(body);              sent once: it rejects where the connection is lost meanwhile
class Rooms {
  static FOR_GOOD = [1000, 1002, 1003, 1007, 1008, 1009, 1010]; // closed like this, it would be again
  static FOR_NOW = ["unavailable", "failed", "too_many_rooms", "room_full"]; // we may come back later
  static PATIENCE = 30; // seconds for an answer, and at most until we try again

  constructor(url, answer = () => Promise.reject(new Error("no requests, please"))) {
    const empty = { rooms: new Map(), waiting: new Map(), ref: 0, losses: 0, timer: null, closed: false };
    Object.assign(this, { url, answer, ...empty });
    this.hurry = () => { if (this.timer !== null && !globalThis.document?.hidden) this.connect(); };
    globalThis.addEventListener?.("online", this.hurry); // hidden pages have slow timers
    globalThis.document?.addEventListener("visibilitychange", this.hurry);
    this.connect();
  }
  join(name, listener) {
    if (this.closed || this.rooms.has(name)) throw new Error(this.closed ? "closed" : `in ${name} already`);
    const room = { name, listener, last_seen: null, here: false, known: false, refusals: 0, timer: null, unsaid: new Map() };
    this.rooms.set(name, room);
    this.enter(room);
  }
  leave(name) { // resolves when it is done; without a connection it is
    this.drop(this.rooms.get(name), new Error("left"));
    return this.ask({ type: "leave", room: name }).then(() => {}, () => {});
  }
  send(name, body) { // resolves with its place: { id }
    return this.inTime((resolve, reject) => {
      const room = this.rooms.get(name), tag = crypto.getRandomValues(new Uint32Array(2)).join("-");
      if (!room) return reject(Object.assign(new Error("not joined"), { code: "not_joined" }));
      JSON.stringify(body); // what cannot be said fails here, and not among what is said again
      room.unsaid.set(tag, { body, resolve, reject });
      if (room.here) this.say(room, tag);
      return () => room.unsaid.delete(tag);
    });
  }
  request(body) { return this.ask({ type: "request", body }).then((reply) => reply.body); }
  ask(fields) { // resolves with the answer; rejects where there is no connection, or it is lost
    return this.inTime((resolve, reject) => {
      const ref = this.call(fields, resolve, reject);
      return () => this.waiting.delete(ref);
    });
  }
  close() {
    this.end(new Error("closed"));
    this.socket.close(1000);
  }

  // What it does by itself.

  connect() {
    clearTimeout(this.timer);
    this.timer = null;
    const socket = this.socket = new WebSocket(this.url);
    let opened = NaN;
    socket.onopen = () => { opened = Date.now(); this.rooms.forEach((room) => this.enter(room)); };
    socket.onmessage = ({ data }) => this.take(JSON.parse(data), socket);
    socket.onclose = ({ code, reason }) => {
      const waiting = [...this.waiting.values()];
      this.waiting.clear();
      this.rooms.forEach((room) => { room.here = false; });
      waiting.forEach(({ reject }) => reject(new Error("the connection was lost")));
      if (Date.now() - opened > 1000 * Rooms.PATIENCE) this.losses = 0;
      if (Rooms.FOR_GOOD.includes(code)) this.end(Object.assign(new Error(reason || "closed"), { code: "closed" }));
      if (!this.closed) this.timer = setTimeout(() => this.connect(), Rooms.delay(this.losses++));
    };
  }
  static delay(failures) { // milliseconds, drawn so that not all come back together
    return 1000 * Math.random() * Math.min(Rooms.PATIENCE, 2 ** failures);
  }
  static isBehind(id, other) { // in the same row; a reply may come later than what stands behind it
    const [row, number] = id.split("-"), [otherRow, otherNumber] = other.split("-");
    return row !== otherRow || Number(number) > Number(otherNumber);
  }
  end(error) {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    globalThis.removeEventListener?.("online", this.hurry);
    globalThis.document?.removeEventListener("visibilitychange", this.hurry);
    this.rooms.forEach((room) => this.drop(room, error));
  }
  inTime(begin) {
    let timer, finish;
    return new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("no answer in time")), 1000 * Rooms.PATIENCE);
      finish = begin(resolve, reject);
    }).finally(() => { clearTimeout(timer); finish?.(); });
  }
  call(fields, resolve, reject) { // over this connection; returns the ref
    if (this.socket.readyState !== WebSocket.OPEN) return void reject(new Error("not connected"));
    const ref = ++this.ref;
    this.socket.send(JSON.stringify({ ...fields, ref }));
    this.waiting.set(ref, { resolve, reject });
    return ref;
  }
  enter(room) {
    clearTimeout(room.timer);
    const { name, last_seen } = room;
    this.call({ type: "join", room: name, last_seen },
      (welcome) => this.welcome(room, welcome), (error) => this.refuse(room, error));
  }
  welcome(room, told) {
    if (this.rooms.get(room.name) !== room) return; // left meanwhile
    Object.assign(room, { known: true, refusals: 0, last_seen: told.id });
    this.tell(room, told);
    told.messages.forEach((message) => this.hear(room, message));
    room.here = true; // from now on: what the listener has sent meanwhile is said below, with the rest
    room.unsaid.forEach((_, tag) => this.say(room, tag));
  }
  refuse(room, error) {
    if (error.code === undefined || this.rooms.get(room.name) !== room) return; // lost, or left
    if (room.known && Rooms.FOR_NOW.includes(error.code))
      room.timer = setTimeout(() => this.enter(room), Rooms.delay(room.refusals++));
    else this.drop(room, error);
  }
  drop(room, error) {
    if (!room) return;
    clearTimeout(room.timer);
    if (error.code !== undefined) this.tell(room, { type: "error", error });
    this.rooms.delete(room.name);
    room.unsaid.forEach(({ reject }) => reject(error));
    room.unsaid.clear();
  }
  say(room, tag) {
    const { body, resolve, reject } = room.unsaid.get(tag);
    this.call({ type: "send", room: room.name, body, tag }, resolve,
      (error) => { if (error.code !== undefined) reject(error); }); // lost: it is said again
  }
  take(told, socket) {
    if (told.type === "request") return this.reply(told, socket);
    const room = this.rooms.get(told.room), waiting = this.waiting.get(told.ref);
    this.waiting.delete(told.ref);
    if (told.type === "error") waiting?.reject(Object.assign(new Error(told.message), { code: told.code }));
    else if (told.type === "welcome") waiting?.resolve(told);
    else if (told.type === "reply") {
      if (room?.here && told.id && Rooms.isBehind(told.id, room.last_seen)) room.last_seen = told.id;
      waiting?.resolve(told);
    } else if (room?.here) this.hear(room, told);
  }
  hear(room, told) {
    if (told.id) room.last_seen = told.id;
    const mine = room.unsaid.get(told.tag);
    room.unsaid.delete(told.tag);
    if (mine) mine.resolve(told);
    else this.tell(room, told);
  }
  tell(room, told) {
    if (this.rooms.get(room.name) !== room) return; // left by the listener
    try { room.listener(told); } catch (error) { setTimeout(() => { throw error; }); } // ours goes on
  }
  reply({ ref, body }, socket) {
    const say = (fields) => { // refs belong to their connection
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ref, ...fields }));
    };
    Promise.resolve(body).then(this.answer).then((answer) => say({ type: "reply", body: answer }))
      .catch((error) => say({ type: "error", message: String(error?.message ?? error) }));
  }
}
