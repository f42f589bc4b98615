/**
 * For backends whose server keeps the time: what this process' clock says when the server's says something. Each reply tells the server's time at some moment
 * between its request and itself, so the difference of the two clocks lies within bounds, and every reply narrows them.
 * Where a reply contradicts them (a clock was set, or drifts, or another node of a Cluster answered), it counts alone.
 */
export class ServerClock {
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  /** Times in epoch ms: ours, the server's, ours. */
  observe(sent: number, server: number, received: number): void {
    const [least, most] = [Math.max(this.#least, sent - server), Math.min(this.#most, received - server)];
    const contradicts = least > most;
    this.#least = contradicts ? sent - server : least;
    this.#most = contradicts ? received - server : most;
  }

  /** Our time, in epoch ms, at a time of the server's; `observe` comes first. */
  toLocal(server: number): number {
    return Math.round(server + (this.#least + this.#most) / 2);
  }
}
