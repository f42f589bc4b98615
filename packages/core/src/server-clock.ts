/**
 * For backends whose server keeps the time: what this process' clock says when the server's says something. Each reply
 * tells the server's time at some moment between its request and itself, so the difference of the two clocks lies within
 * bounds, and every reply narrows them. Where a reply contradicts them (a clock was set, or drifts, or another node of a
 * Cluster answered), it counts alone.
 */
export class ServerClock {
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  /** Times in epoch ms: ours, the server's, ours. */
  observe(sent: number, server: number, received: number): void {
    const [least, most] = [Math.max(this.#least, sent - server), Math.min(this.#most, received - server)];
    // Both of ours are cut off to whole ms, so that bounds can pass each other by one without a contradiction.
    const contradicts = least > most + 1;
    this.#least = contradicts ? sent - server : least;
    this.#most = contradicts ? received - server : most;
  }

  /** Ms between the bounds: the most by which `toLocal` can be wrong is half of that. */
  get uncertainty(): number {
    return this.#most - this.#least;
  }

  /** Our time, in epoch ms, at a time of the server's; `observe` comes first. */
  toLocal(server: number): number {
    return Math.round(server + (this.#least + this.#most) / 2);
  }
}
