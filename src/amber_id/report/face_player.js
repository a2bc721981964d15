"use strict";
// What every page needs that plays faces: numbers out of text, colours, a canvas, the edges of a mesh, and a clock.
const FacePlayer = (() => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

  const colours = (names) => {
    const style = getComputedStyle(document.documentElement);
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  };

  // An empty canvas as fine as the screen; `fine` of its pixels make one of the page.
  const cleared = (canvas) => {
    const brush = canvas.getContext("2d"), fine = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * fine), height = Math.round(canvas.clientHeight * fine);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    brush.setTransform(1, 0, 0, 1, 0, 0);
    brush.clearRect(0, 0, width, height);
    brush.lineJoin = brush.lineCap = "round";
    return { brush, width, height, fine };
  };

  // Thin on a small face, thicker on a large one; `eyes` is how far apart the outer corners of the eyes are.
  const sizeOf = (eyes, fine) => Math.min(1.6, Math.max(0.7, eyes / fine / 130)) * fine;

  // The edges of each part in its colour; x and y say where a point lies.
  const strokeEdges = (brush, edgesOf, ink, lineWidth, x, y) => {
    brush.lineWidth = lineWidth;
    for (const [name, edges] of Object.entries(edgesOf)) {
      brush.strokeStyle = ink[name];
      brush.beginPath();
      for (const [from, to] of edges) { brush.moveTo(x(from), y(from)); brush.lineTo(x(to), y(to)); }
      brush.stroke();
    }
  };

  // While it plays, `pass` is told how many seconds have passed since the picture before; the button stops it.
  const clock = (button, pass) => {
    let next = null, last = null;
    const tick = (moment) => {
      // A page that was hidden goes on where it was.
      const passed = last === null ? 0 : Math.min((moment - last) / 1000, 0.25);
      last = moment;
      next = requestAnimationFrame(tick);
      pass(passed);
    };
    const setPlaying = (playing) => {
      if (playing === (next !== null)) return;
      last = null;
      button.textContent = playing ? "Pause" : "Play";
      if (!playing) cancelAnimationFrame(next);
      next = playing ? requestAnimationFrame(tick) : null;
    };
    const toggle = () => setPlaying(next === null);
    button.addEventListener("click", toggle);
    return { setPlaying, toggle };
  };

  const prefersStill = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  return { bytes, colours, cleared, sizeOf, strokeEdges, clock, prefersStill };
})();
