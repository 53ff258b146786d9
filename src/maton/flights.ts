/** Shares one piece of work between all who ask for the same at the same time. */
export interface Flights {
  /**
   * Runs `work`, or joins the one under way for the key. A caller whose signal aborts leaves; the work itself is
   * cancelled when nobody waits for it any more.
   */
  share<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Nobody joins work any more that began before now, under keys that begin so: a write may have overtaken it. */
  close(prefix: string): void;
}

interface Flight {
  result: Promise<unknown>;
  controller: AbortController;
  waiting: number;
  landed: boolean;
}

export function createFlights(): Flights {
  const flights = new Map<string, Flight>();
  return {
    close(prefix) {
      for (const key of flights.keys()) if (key.startsWith(prefix)) flights.delete(key);
    },
    async share<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) {
      signal.throwIfAborted();
      const flight = flights.get(key) ?? begin(flights, key, work);
      flight.waiting += 1;
      let leave: () => void = () => undefined;
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason);
        signal.addEventListener("abort", leave, { once: true });
      });
      try {
        return (await Promise.race([flight.result, left])) as T;
      } finally {
        signal.removeEventListener("abort", leave);
        flight.waiting -= 1;
        if (flight.waiting === 0) {
          // A newcomer must not join what is being cancelled.
          if (flights.get(key) === flight) flights.delete(key);
          // What has ended is not cancelled: without a reason to give, an abort makes an error with a stack.
          if (!flight.landed) flight.controller.abort(signal.reason);
        }
      }
    },
  };
}

function begin<T>(
  flights: Map<string, Flight>,
  key: string,
  work: (signal: AbortSignal) => Promise<T>,
): Flight {
  const controller = new AbortController();
  const result = work(controller.signal).finally(() => {
    flight.landed = true;
    if (flights.get(key) === flight) flights.delete(key);
  });
  // Whoever waits hears of a failure; when nobody does any more, nobody must.
  result.catch(() => undefined);
  const flight: Flight = { result, controller, waiting: 0, landed: false };
  flights.set(key, flight);
  return flight;
}
