"""Keeps the renderer from doing anything but reading and computing.

Everything an inventory can make Ansible do happens inside this process, so the process itself is limited: an audit
hook, which cannot be taken off again, refuses to start programs, to reach the network, to write, and to read outside the
allowed folders. Lookups that would do such things are answered with a named placeholder before it comes to that.
"""
import os
import resource
import signal
import sys

# Lookups that only compute, or read files (the audit hook decides which files).
PLAIN_LOOKUPS = {
    'config', 'dict', 'env', 'file', 'fileglob', 'first_found', 'flattened', 'indexed_items', 'ini', 'inventory_hostnames',
    'items', 'list', 'nested', 'sequence', 'subelements', 'template', 'together', 'unvault', 'vars', 'varnames', 'csvfile',
}

REFUSED_EVENTS = (
    'subprocess.', 'os.system', 'os.exec', 'os.posix_spawn', 'os.spawn', 'os.fork', 'os.forkpty', 'pty.spawn', 'os.startfile',
    'socket.', 'os.remove', 'os.rename', 'os.mkdir', 'os.rmdir', 'os.link', 'os.symlink', 'os.truncate', 'os.chmod',
    'os.chown', 'os.utime', 'os.setxattr', 'os.removexattr', 'os.kill', 'os.killpg', 'os.putenv', 'shutil.', 'ctypes.dlopen', 'ftplib.',
    'urllib.', 'smtplib.', 'http.', 'sqlite3.', 'tempfile.', 'webbrowser.', 'signal.pthread_kill',
)


class Refused(PermissionError):
    """Something that a rendering must not do."""


class TooLong(Exception):
    """One expression took longer than the limit."""


class Guard:
    """Holds the limits of one rendering and what was refused or replaced by them."""

    def __init__(self, seconds, memory):
        self.seconds, self.refused, self.placeholders = seconds, {}, {}
        self.allowed, self.seen = [], {}
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGPROF, self._stop)

    def _stop(self, *_):
        raise TooLong('took longer than %d s of CPU' % self.seconds)

    def start_clock(self):
        # it goes off again each second, for what is caught on the way
        signal.setitimer(signal.ITIMER_PROF, self.seconds, 1)

    def stop_clock(self):
        signal.setitimer(signal.ITIMER_PROF, 0)

    def close(self, folders):
        """Allows reading below these folders from now on, and nothing else."""
        python = [p for p in sys.path if p] + [sys.prefix, sys.base_prefix + '/lib', os.path.dirname(os.__file__)]
        self.allowed = sorted({os.path.realpath(f) + '/' for f in list(folders) + python + ['/usr/share/zoneinfo']})
        self.allowed = [f for f in self.allowed if f != '//']
        sys.addaudithook(self._audit)

    def _audit(self, event, args):
        if event == 'open':
            self._open(*args)
        elif event in ('os.listdir', 'os.scandir'):
            self._readable(args[0])
        elif event.startswith(REFUSED_EVENTS) and event not in ('socket.__new__', 'socket.gethostname'):
            self._refuse(event, args)

    def _open(self, path, mode, flags):
        if isinstance(path, int) or path in ('/dev/null', '/dev/urandom'):
            return
        writes = any(c in mode for c in 'wax+') if isinstance(mode, str) else flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        if writes:
            self._refuse('write', (path,))
        self._readable(path)

    def _readable(self, path):
        if path is None or isinstance(path, int):
            return
        path = os.fsdecode(path)
        known = self.seen.get(path)
        if known is None:
            real = os.path.realpath(path) + '/'
            known = self.seen[path] = any(real.startswith(f) for f in self.allowed)
        if not known:
            self._refuse('read', (path,))

    def _refuse(self, event, args):
        what = event + ' ' + ' '.join(os.fsdecode(a) if isinstance(a, (str, bytes)) else type(a).__name__ for a in args[:1])
        if '/ansible/plugins/' not in what and '/.ansible/' not in what:  # Ansible looks for plugins of the user's own
            self.refused[what[:200]] = self.refused.get(what[:200], 0) + 1
        raise Refused('not allowed while rendering: ' + what[:200])

    def replace_lookups(self, loader):
        """Has each lookup that is not plain answer with its name."""
        guard, real = self, loader.get

        def get(name, *args, **kwargs):
            short = name.rsplit('.', 1)[-1]
            if short in PLAIN_LOOKUPS and name in (short, 'ansible.builtin.' + short, 'ansible.legacy.' + short):
                return real(name, *args, **kwargs)
            return Placeholder(guard, name)

        loader.get = get


class Placeholder:
    """A lookup that is not run."""
    _subdir, _load_name, _original_path = '', 'placeholder', ''

    def __init__(self, guard, name):
        self._guard, self._name = guard, name

    def run(self, terms, variables=None, **kwargs):
        self._guard.placeholders[self._name] = self._guard.placeholders.get(self._name, 0) + 1
        return ['<lookup %s not run>' % self._name]

    def set_options(self, *args, **kwargs):
        pass

    def get_option(self, *args, **kwargs):
        return None
