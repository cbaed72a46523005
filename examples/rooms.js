// A client of the rooms protocol for browsers. It comes back when it is lost, and misses nothing.
class Rooms {
  constructor(url, answer = () => Promise.reject(new Error("no requests, please"))) {
    Object.assign(this, { url, answer, rooms: new Map(), waiting: new Map(), ref: 0, losses: 0 });
    this.connect();
  }
  connect() {
    this.socket = new WebSocket(this.url);
    this.socket.onopen = () => this.rooms.forEach((_, room) => this.enter(room));
    this.socket.onmessage = ({ data }) => { this.losses = 0; this.take(JSON.parse(data)); };
    this.socket.onclose = ({ code }) => {
      this.waiting.forEach(({ reject }) => reject(new Error("the connection was lost")));
      this.waiting.clear();
      const seconds = Math.random() * Math.min(30, 0.2 * 2 ** this.losses++);
      if (code !== 1000) setTimeout(() => this.connect(), 1000 * seconds);
    };
  }
  ask(fields) { // resolves with the answer
    return new Promise((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) return reject(new Error("not connected"));
      this.waiting.set(++this.ref, { resolve, reject });
      this.socket.send(JSON.stringify({ ...fields, ref: this.ref }));
    });
  }
  join(room, listener) { // listener gets the welcome, and then whatever happens
    this.rooms.set(room, { listener, last_seen: null });
    if (this.socket.readyState === WebSocket.OPEN) this.enter(room);
  }
  enter(room) {
    const { listener, last_seen } = this.rooms.get(room);
    this.ask({ type: "join", room, last_seen }).catch((error) => listener({ type: "error", error }));
  }
  leave(room) { this.rooms.delete(room); return this.ask({ type: "leave", room }); }
  send(room, body) { return this.ask({ type: "send", room, body }); }
  request(body) { return this.ask({ type: "request", body }).then((reply) => reply.body); }
  close() { this.socket.close(1000); }
  take(told) {
    if (told.type === "request") return this.reply(told);
    const room = this.rooms.get(told.room), waiting = this.waiting.get(told.ref);
    this.waiting.delete(told.ref);
    if (room && told.id) room.last_seen = told.id;
    if (room && told.type !== "reply" && told.type !== "error") room.listener(told);
    if (room && told.type === "welcome") told.messages.forEach((message) => room.listener(message));
    if (told.type === "error") waiting?.reject(Object.assign(new Error(told.message), { code: told.code }));
    else waiting?.resolve(told);
  }
  reply({ ref, body }) {
    const say = (fields) => this.socket.send(JSON.stringify({ ref, ...fields }));
    Promise.resolve(body).then(this.answer).then(
      (answer) => say({ type: "reply", body: answer }),
      (error) => say({ type: "error", message: error.message }));
  }
}
