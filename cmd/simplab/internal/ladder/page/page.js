'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const box = document.getElementById('ladders');
  const rows = [...box.querySelectorAll('[role=option]')];
  const panel = document.getElementById('packet');
  const figures = [...document.querySelectorAll('#machines figure')];
  const steps = data.flatMap(l => l.rows.map((row, i) => ({ l, row, before: i ? l.rows[i - 1].states : ['idle', 'idle'] })));
  let chosen = -1;

  const make = (tag, text, cls) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    if (cls) e.className = cls;
    return e;
  };

  function light(side, step) {
    const was = step.before[side], is = step.row.states[side], figure = figures[side];
    const party = step.l.parties[side];
    figure.querySelector('.who').textContent = party.name || party.addr;
    figure.querySelector('.now').textContent = is;
    for (const g of figure.querySelectorAll('[data-state]')) g.classList.toggle('lit', g.dataset.state === is);
    for (const e of figure.querySelectorAll('[data-lead]')) {
      const taken = was !== is && e.dataset.lead === was + ' ' + is;
      e.classList.toggle('taken', taken);
      e.setAttribute('marker-end', 'url(#tip' + (taken ? 'taken' : '') + side + ')');
    }
  }

  // The bytes, sixteen in a line, each in the colour of its field.
  function dump(bytes, fields) {
    const pre = document.getElementById('dump');
    const owner = new Array(bytes.length).fill(-1);
    fields.forEach((f, i) => owner.fill(i, f.offset, f.offset + f.size));
    const out = [];
    for (let line = 0; line < bytes.length; line += 16) {
      out.push(make('span', line.toString(16).padStart(4, '0') + '  ', 'at'));
      const text = [];
      for (let i = line; i < line + 16; i++) {
        const there = i < bytes.length, b = bytes[i];
        const cls = there && owner[i] >= 0 ? 'f' + owner[i] % 8 : '';
        const hex = make('span', there ? b.toString(16).padStart(2, '0') : '  ', cls);
        const chr = make('span', there ? (b > 31 && b < 127 ? String.fromCharCode(b) : '.') : ' ', cls);
        for (const e of [hex, chr]) {
          if (cls) { e.dataset.field = owner[i]; e.title = fields[owner[i]].name; }
        }
        const joined = there && i + 1 < bytes.length && i + 1 < line + 16 && owner[i] === owner[i + 1];
        out.push(hex, make('span', i === line + 7 ? '  ' : ' ', joined ? cls : ''));
        text.push(chr);
      }
      out.push(' ', ...text, '\n');
    }
    pre.replaceChildren(...out);
    pre.hidden = bytes.length === 0;
  }

  function legend(fields) {
    const table = document.getElementById('fields');
    table.hidden = fields.length === 0;
    table.tBodies[0].replaceChildren(...fields.map((f, i) => {
      const tr = make('tr');
      tr.dataset.field = i;
      const name = make('th', f.name, 'f' + i % 8);
      name.scope = 'row';
      const last = f.offset + f.size - 1;
      tr.append(name, make('td', f.size > 1 ? f.offset + '–' + last : String(f.offset)), make('td', f.value));
      return tr;
    }));
  }

  function show(i, how) {
    if (!rows.length) return;
    i = Math.max(0, Math.min(rows.length - 1, i));
    if (chosen >= 0) {
      rows[chosen].classList.remove('chosen');
      rows[chosen].setAttribute('aria-selected', 'false');
    }
    chosen = i;
    const step = steps[i], row = step.row;
    rows[i].classList.add('chosen');
    rows[i].setAttribute('aria-selected', 'true');
    box.setAttribute('aria-activedescendant', rows[i].id);
    if (how !== 'pointer') rows[i].scrollIntoView({ block: 'nearest' });
    light(0, step);
    light(1, step);
    document.getElementById('summary').textContent = (row.packet ? '#' + row.packet + ' ' : row.row === 'missing' ? 'missing: ' : '') + row.summary;
    const remarks = [...(row.remarks || [])];
    if (row.delta) remarks.push(row.delta.toFixed(6).replace(/0{1,3}$/, '') + ' s after the packet before it');
    if (row.notes) remarks.push('remarkable: ' + row.notes.join(', '));
    document.getElementById('remarks').replaceChildren(...remarks.map(t => make('li', t)));
    const bytes = (row.bytes || '').match(/../g) || [];
    dump(bytes.map(h => parseInt(h, 16)), row.fields || []);
    legend(row.fields || []);
    try { history.replaceState(null, '', '#' + rows[i].id); } catch { /* a page from a file may not be allowed to */ }
  }

  const keys = {
    ArrowDown: () => show(chosen + 1), ArrowUp: () => show(chosen - 1),
    Home: () => show(0), End: () => show(rows.length - 1),
    PageDown: () => show(chosen + 10), PageUp: () => show(chosen - 10),
    Enter: () => { panel.focus(); panel.scrollIntoView({ block: 'nearest' }); },
    Escape: () => box.focus(),
  };
  document.addEventListener('keydown', e => {
    const act = keys[e.key];
    if (!act || e.ctrlKey || e.altKey || e.metaKey || e.shiftKey) return;
    if (e.key.startsWith('Page') && panel.contains(document.activeElement)) return; // to scroll the bytes
    e.preventDefault();
    act();
  });
  box.addEventListener('click', e => {
    const row = e.target.closest('[role=option]');
    if (row) show(rows.indexOf(row), 'pointer');
  });
  // Whoever points at a field sees where else it is.
  document.querySelector('aside').addEventListener('mouseover', e => {
    const at = e.target.closest('[data-field]');
    for (const el of document.querySelectorAll('#dump [data-field], #fields th'))
      el.classList.toggle('same', !!at && (el.dataset.field ?? el.parentNode.dataset.field) === at.dataset.field);
  });
  addEventListener('hashchange', () => { const i = rows.findIndex(r => '#' + r.id === location.hash); if (i >= 0 && i !== chosen) show(i); });

  show(Math.max(0, rows.findIndex(r => '#' + r.id === location.hash)));
  box.focus({ preventScroll: true });
})();
