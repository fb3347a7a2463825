#!/usr/bin/env python3
"""Makes the pictures of the documentation from the real program: `docs/pictures.py BINARY`, in the project's folder.

It walks the demo in tmux, by the keys that an operator would press, and has Chromium draw what tmux shows. Needs tmux, chromium and a
monospaced font.
"""
import html, os, re, subprocess, sys, tempfile, time

COLOURS = ['#1d2026', '#d16969', '#8fbf7f', '#e0b060', '#6f9fd8', '#b48ead', '#7fbfbf', '#c8ccd4',
           '#7a7f8a', '#e88080', '#a8d898', '#f0c878', '#8fb8f0', '#cfa8d8', '#98d8d8', '#ffffff']
FRONT, BACK = '#c8ccd4', '#15181d'


def tmux(*args):
    return subprocess.run(['tmux', '-L', 'pictures', *args], check=True, capture_output=True, text=True).stdout


def begin(command, columns, rows):
    """Starts a program in a terminal of its own, of so many columns and rows."""
    subprocess.run(['tmux', '-L', 'pictures', 'kill-server'], capture_output=True)
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'p', '-x', str(columns), '-y', str(rows), command)
    tmux('set', '-t', 'p', 'default-terminal', 'tmux-256color')


def text():
    return tmux('capture-pane', '-t', 'p', '-p')


def wait(words):
    for _ in range(300):
        if words in text():
            time.sleep(0.3)
            return
        time.sleep(0.2)
    sys.exit(f'pictures: "{words}" does not appear on:\n{text()}')


def keys(*names):
    """Presses keys as a person does: one that comes too early is not taken."""
    for name in names:
        time.sleep(1.5)
        tmux('send-keys', '-t', 'p', name)


def colour(codes):
    """Reads a colour after 38 or 48: 5;N or 2;R;G;B."""
    if codes.pop(0) == 5:
        n = codes.pop(0)
        if n < 16:
            return COLOURS[n]
        if n > 231:
            return '#' + f'{8 + (n - 232) * 10:02x}' * 3
        n -= 16
        return '#' + ''.join(f'{0 if v == 0 else 55 + v * 40:02x}' for v in (n // 36, n // 6 % 6, n % 6))
    return '#' + ''.join(f'{codes.pop(0):02x}' for _ in range(3))


def style(now, codes):
    while codes:
        c = codes.pop(0)
        if c == 0:
            now.clear()
        elif c in (1, 2, 3, 4, 7):
            now[c] = True
        elif c == 22:
            now.pop(1, 0), now.pop(2, 0)
        elif c in (23, 24, 27):
            now.pop(c - 20, 0)
        elif c in (38, 48):
            now[c] = colour(codes)
        elif c in (39, 49):
            now.pop(c - 1, 0)
        else:
            for first, key, bright in ((30, 38, 0), (40, 48, 0), (90, 38, 8), (100, 48, 8)):
                if first <= c < first + 8:
                    now[key] = COLOURS[c - first + bright]


def css(now):
    front, back = now.get(38, FRONT), now.get(48, BACK)
    if 7 in now:
        front, back = back, front
    out = f'color:{front};background:{back}'
    if 1 in now:
        out += ';font-weight:bold'
    if 2 in now:
        out += ';opacity:.65'
    if 4 in now:
        out += ';text-decoration:underline'
    return out


def picture(name, columns, rows):
    """Draws what the terminal shows now."""
    now, out = {}, []
    for part in re.split(r'(\x1b\[[0-9;]*m)', tmux('capture-pane', '-t', 'p', '-p', '-e')):
        if part.startswith('\x1b['):
            style(now, [int(n or 0) for n in part[2:-1].split(';')])
        elif part:
            out.append(f'<span style="{css(now)}">{html.escape(part)}</span>')
    page = (f'<meta charset="utf-8"><body style="margin:14px;background:{BACK}"><pre style="margin:0;font:15px/19px '
            f"'DejaVu Sans Mono','Noto Sans Mono CJK JP',monospace\">" + ''.join(out) + '</pre>')
    with tempfile.TemporaryDirectory() as d:
        with open(d + '/page.html', 'w') as f:
            f.write(page)
        subprocess.run(['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
                        f'--window-size={round(columns * 9.03) + 30},{rows * 19 + 30}', f'--screenshot={os.getcwd()}/docs/{name}.png',
                        'file://' + d + '/page.html'], check=True, capture_output=True)
    print(f'docs/{name}.png')


def to_gate(binary, columns, rows, *options):
    begin(' '.join([binary, 'demo', *options]), columns, rows)
    wait('kubespray-v2.28.0?')
    keys('Enter', 'Enter')
    wait('lb-apiserver.kubernetes.local')
    time.sleep(1)


def to_end():
    """Answers every question of the demo until the run has ended."""
    for _ in range(150):
        shown = text()
        if 'has ended' in shown:
            time.sleep(1)
            return
        word = re.search(r'Type (\S+) to go on', shown)
        if word:
            tmux('send-keys', '-t', 'p', '-l', word[1])
            time.sleep(0.5)
        if 'remedy: point these files' in shown and 'waits' in shown:
            tmux('send-keys', '-t', 'p', 'r')
            time.sleep(1.5)
        tmux('send-keys', '-t', 'p', 'c' if '› c  ' in shown else 'Enter')
        time.sleep(1.5)
    sys.exit('pictures: the demo does not end:\n' + text())


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: docs/pictures.py BINARY')
    binary = os.path.abspath(sys.argv[1])
    to_gate(binary, 120, 40)
    picture('gate', 120, 40)
    to_end()
    picture('end', 120, 40)
    tmux('kill-server')


main()
