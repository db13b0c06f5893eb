// A page that is read from a disk (file:) may neither fetch the search's index nor start a worker.
// There, the index comes as a script, and the worker's script runs in a frame of its own.
if (location.protocol === "file:") {
  const here = document.currentScript.src;

  window.__search = {
    index: new Promise((resolve) => {
      window.search_index = resolve; // search_index.js calls it
      const script = document.createElement("script");
      script.src = new URL("../search/search_index.js", here);
      document.head.append(script);
    }),
  };

  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.window = frame.contentWindow;
      this.window.postMessage = (data) =>
        this.dispatchEvent(new MessageEvent("message", { data }));
      const script = frame.contentDocument.createElement("script");
      this.ready = new Promise((resolve) => (script.onload = resolve));
      script.src = url;
      frame.contentDocument.body.append(script);
    }

    postMessage(data) {
      this.ready.then(() =>
        this.window.dispatchEvent(new this.window.MessageEvent("message", { data })));
    }
  };
}
