"use strict";
// Sorts, filters, copies and downloads the rows of the long tables. Everything is in the page: nothing is fetched.
(() => {
  const SHOWN = 100;
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const number = new Intl.NumberFormat("en");

  const element = (name, role, text) => {
    const made = document.createElement(name);
    if (role) made.setAttribute("role", role);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // A file that was opened from a disk or a plain address may not use the clipboard directly.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const focused = document.activeElement;
      const area = element("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      if (focused) focused.focus();
      return copied;
    }
  };

  // As the program writes it: quoted, and no cell is a formula.
  const cell = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const csv = (columns, rows) =>
    [columns, ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");

  const save = (name, text) => {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  const begin = (table) => {
    const { columns, cells, rows } = JSON.parse(document.getElementById(`${table.id}-data`).textContent);
    const controls = document.getElementById(`${table.id}-controls`);
    const input = controls.querySelector("input");
    const status = controls.querySelector("[role=status]");
    const button = (what) => controls.querySelector(`[data-do=${what}]`);
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const labels = heads.map((head) => head.textContent);
    let shown = rows;
    let texts = null;
    let page = 0;
    let sorted = { by: 0, down: false };

    const line = (row) => {
      const made = element("tr", "row");
      cells.forEach((values, at) => {
        const box = at ? element("td", "cell") : element("th", "rowheader");
        if (!at) box.scope = "row";
        box.dataset.label = labels[at];
        values.forEach((value, nth) => {
          if (nth && !row[value]) return;
          const text = element("bdi", null, row[value]);
          if (nth) text.className = "more";
          box.append(text);
        });
        made.append(box);
      });
      const box = element("td", "cell");
      box.className = "copy";
      const button = element("button", null, "Copy");
      button.type = "button";
      button.setAttribute("aria-label", `Copy ${row[0]}`);
      button.addEventListener("click", async () => {
        const text = columns.map((column, at) => `${column}: ${row[at]}`).join("\n");
        say((await copy(text)) ? `Copied ${row[0]}` : "The clipboard cannot be written");
      });
      box.append(button);
      made.append(box);
      return made;
    };

    const say = (text) => {
      const from = shown.length ? page * SHOWN + 1 : 0;
      const to = Math.min((page + 1) * SHOWN, shown.length);
      const all = shown.length === rows.length ? "" : `, filtered from ${number.format(rows.length)}`;
      const count = `Rows ${number.format(from)} to ${number.format(to)} of ${number.format(shown.length)}${all}`;
      status.textContent = text ? `${text}. ${count}` : count;
    };

    const draw = () => {
      const last = Math.max(0, Math.ceil(shown.length / SHOWN) - 1);
      page = Math.min(Math.max(page, 0), last);
      body.replaceChildren(...shown.slice(page * SHOWN, (page + 1) * SHOWN).map(line));
      button("previous").setAttribute("aria-disabled", String(page === 0));
      button("next").setAttribute("aria-disabled", String(page === last));
      say();
    };

    const select = () => {
      const wanted = input.value.trim().toLowerCase();
      texts ??= new Map(rows.map((row) => [row, row.join("\n").toLowerCase()]));
      shown = wanted ? rows.filter((row) => texts.get(row).includes(wanted)) : rows;
      page = 0;
      draw();
    };

    const sort = (by) => {
      sorted = { by, down: sorted.by === by && !sorted.down };
      const way = sorted.down ? -1 : 1;
      const compare = (a, b) => {
        for (const value of cells[by]) {
          const order = words.compare(a[value], b[value]);
          if (order) return order * way;
        }
        return 0;
      };
      rows.sort(compare);
      mark();
      select();
    };

    const mark = () => {
      heads.forEach((head, at) => {
        if (at === sorted.by) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
    };

    heads.forEach((head, at) => {
      const button = element("button", null, labels[at]);
      button.type = "button";
      button.addEventListener("click", () => sort(at));
      head.replaceChildren(button);
    });
    const head = element("th", "columnheader", "Copy");
    head.scope = "col";
    head.className = "copy";
    table.tHead.rows[0].append(head);

    let due;
    input.addEventListener("input", () => {
      clearTimeout(due);
      due = setTimeout(select, 150);
    });
    const turn = (by) => () => {
      page += by;
      draw();
    };
    button("previous").addEventListener("click", turn(-1));
    button("next").addEventListener("click", turn(1));
    button("copy").addEventListener("click", async () => {
      const text = [columns, ...shown].map((row) => row.join("\t")).join("\n");
      say((await copy(text)) ? `Copied ${number.format(shown.length)} rows` : "The clipboard cannot be written");
    });
    button("download").addEventListener("click", () => {
      save(button("download").dataset.file, csv(columns, shown));
      say("Downloaded");
    });
    controls.hidden = false;
    mark();
    draw();
  };

  document.querySelectorAll("table.listing").forEach(begin);
})();
