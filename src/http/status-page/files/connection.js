/* The stream of events, and how it comes back when it breaks. */

/** Without a sign of life for so long, the connection is taken for lost; one comes every ten seconds. */
const silentMsMax = 25_000;
const retryMs = { first: 1_000, longest: 5_000 };
const eventNames = ["all", "changes", "log", "beat", "end"];

/**
 * Listens for ever.
 * @param {(name: string, data: any) => void} onEvent
 * @param {(state: "live" | "lost" | "ended") => void} onState
 */
export function connect(onEvent, onState) {
  let pauseMs = retryMs.first;
  let hasEnded = false;

  function open() {
    const source = new EventSource("ui/events");
    let silence = setTimeout(lose, silentMsMax);

    function lose() {
      clearTimeout(silence);
      source.close();
      onState(hasEnded ? "ended" : "lost");
      setTimeout(open, pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, retryMs.longest);
    }

    /** @param {MessageEvent<string>} event */
    function take({ type, data }) {
      clearTimeout(silence);
      silence = setTimeout(lose, silentMsMax);
      pauseMs = retryMs.first;
      hasEnded = type === "end";
      onEvent(type, JSON.parse(data));
      if (hasEnded) lose();
      else onState("live");
    }

    for (const name of eventNames) source.addEventListener(name, take);
    source.addEventListener("error", lose);
  }

  open();
}
