"""Remembers what templates gave, with the variables that they used.

Ansible templates a variable anew at each use, in each task, on each host. A template that uses the same variables gives the
same text, so the first result is returned as long as every variable that it read, on whatever host, still has its value.
What depends on anything else (a value that only the node knows, the time, all variables at once) is never remembered.
"""
import functools
import importlib.util

from ansible.parsing.yaml.objects import AnsibleUnicode
from ansible.plugins.lookup import template as lookup_template
from ansible.template import JinjaPluginIntercept, Templar
from ansible.template.vars import AnsibleJ2Vars
from ansible.utils.unsafe_proxy import AnsibleUnsafeText
from ansible.vars.hostvars import HostVars, HostVarsVars
from jinja2.exceptions import TemplateSyntaxError

from unknown import Unknown

MISSING = object()
TEXTS = (str, AnsibleUnicode, AnsibleUnsafeText)
PLAIN = TEXTS + (int, float, bool, type(None))
RESULTS_KEPT = 12  # of one template
PURE_LOOKUPS = {'file', 'fileglob', 'first_found', 'template', 'dict', 'items', 'list', 'flattened', 'sequence', 'indexed_items',
                'nested', 'together', 'subelements', 'ini', 'csvfile', 'unvault', 'password'}
READ_BY_LOOKUPS = ('ansible_search_path', 'role_path', 'playbook_dir', 'ansible_file_vars')


class Changing(Exception):
    """A result that cannot be remembered, such as a generator."""


def fresh(value):
    """Copies the lists and dictionaries of a result, which a template may change."""
    kind = type(value)
    if kind is dict:
        return {k: fresh(v) for k, v in value.items()}
    if kind is list:
        return [fresh(v) for v in value]
    if kind in PLAIN or isinstance(value, str):
        return value
    raise Changing


def same(a, b):
    """Says whether two values print alike: equal, and of the same types throughout."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind in PLAIN:
        return a == b
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(ka == kb and same(va, vb) for (ka, va), (kb, vb) in zip(a.items(), b.items()))
    return False


class Frame:
    """What one template reads while it is evaluated."""
    __slots__ = ('values', 'outer', 'read', 'pure')

    def __init__(self, values, outer):
        self.values, self.outer, self.read, self.pure = values, outer, {}, True


class Memo:
    def __init__(self):
        self.frame, self.direct, self.results, self.views, self.of_host = None, False, {}, {}, None

    def forget(self):
        self.results.clear()

    def view(self, name, values):
        """Says that values are what hostvars has of a host."""
        self.views[id(values)] = (values, name)

    def drop(self, values):
        self.views.pop(id(values), None)

    def note(self, values, name, raw):
        """Notes in the open frame that a variable was read."""
        frame = self.frame
        if frame is None:
            return
        if values is frame.values:
            frame.read[None, name] = raw
        elif id(values) in self.views:
            frame.read[self.views[id(values)][1], name] = raw
        elif frame.values.get(name, MISSING) is raw:
            frame.read[None, name] = raw
        else:
            frame.pure = False

    def note_all(self, values, read):
        """Notes what a template within the template of the open frame read."""
        frame = self.frame
        if values is frame.values:
            frame.read.update(read)
            return
        for (host, name), raw in read.items():
            if host is None:
                self.note(values, name, raw)
            else:
                frame.read[host, name] = raw

    def impure(self):
        if self.frame is not None:
            self.frame.pure = False

    def holds(self, read, values):
        for i, ((host, name), raw) in enumerate(read):
            now = (values if host is None else self.of_host(host)).get(name, MISSING)
            if now is not raw and not same(now, raw):
                read.insert(0, read.pop(i))  # what told two hosts apart does so again
                return False
        return True

    def run(self, key, values, keep, compute):
        """Returns what compute gives, or what it gave before with these values. The key names the template and how it is used."""
        known = self.results.get(key)
        if known:
            for _, read, result, by_name in known:
                if self.holds(read, values):
                    if self.frame is not None:
                        self.note_all(values, by_name)
                    return fresh(result)
        frame = self.frame = Frame(values, self.frame)
        uses, kept = Unknown.uses, MISSING
        try:
            result = compute()
            if frame.pure and uses == Unknown.uses:
                try:
                    kept = fresh(result)
                except Changing:
                    pass
            return result
        except (MemoryError, RecursionError):
            frame.pure = False
            raise
        finally:
            self.frame = frame.outer
            if self.frame is not None:
                if frame.pure and uses == Unknown.uses:
                    self.note_all(values, frame.read)
                else:
                    self.frame.pure = False
            if kept is not MISSING:
                entries = self.results.setdefault(key, [])
                entries.insert(0, (keep, list(frame.read.items()), kept, frame.read))
                del entries[RESULTS_KEPT:]


def settings(templar):
    """What else than variables decides about the result of a template."""
    env = templar.environment
    return (type(env), env.variable_start_string, env.variable_end_string, env.block_start_string, env.block_end_string, env.comment_start_string,
            env.trim_blocks, env.lstrip_blocks, env.newline_sequence, env.undefined, templar.jinja2_native, templar._fail_on_undefined_errors)


def install(memo, guard):
    """Has Ansible's templating use a memo."""
    plain = Templar.template

    def template(self, variable, *args, **kwargs):
        direct, memo.direct = memo.direct, False
        values = self._available_variables
        if isinstance(variable, str):
            if not args and not kwargs.get('overrides') and '{' not in variable and self.environment.variable_start_string == '{{':
                return variable if not kwargs.get('convert_bare') else plain(self, variable, **kwargs)
            single = self.SINGLE_VAR.match(variable)
            if memo.frame is not None and single:
                memo.note(values, single.group(1), values.get(single.group(1), MISSING))
        elif not direct or not isinstance(variable, (dict, list)):
            return plain(self, variable, *args, **kwargs)
        if args or kwargs.get('convert_bare') or kwargs.get('overrides') or type(values) is not dict or hasattr(variable, '__UNSAFE__'):
            memo.impure()
            return plain(self, variable, *args, **kwargs)
        options = tuple(tuple(v) if isinstance(v, list) else v for v in kwargs.values())
        key = (variable if isinstance(variable, str) else id(variable), tuple(kwargs), options, settings(self))
        if not isinstance(variable, str):
            return memo.run(key, values, variable, lambda: plain(self, variable, **kwargs))

        def compute():
            if single:
                memo.note(values, single.group(1), values.get(single.group(1), MISSING))
            return plain(self, variable, **kwargs)

        return memo.run(key, values, None, compute)

    Templar.template = template
    watch_variables(memo)
    watch_lookups(memo)
    load_filters_once(guard)


def watch_variables(memo):
    """Has each access of a template to a variable noted."""
    plain_get, plain_has = AnsibleJ2Vars.__getitem__, AnsibleJ2Vars.__contains__

    def get(self, name):
        values = self._templar._available_variables
        if memo.frame is not None:
            if name == 'vars':
                memo.frame.pure = False
            memo.note(values, name, values.get(name, MISSING))
        memo.direct = True
        try:
            return plain_get(self, name)
        finally:
            memo.direct = False

    def has(self, name):
        if memo.frame is not None:
            values = self._templar._available_variables
            memo.note(values, name, values.get(name, MISSING))
        return plain_has(self, name)

    AnsibleJ2Vars.__getitem__, AnsibleJ2Vars.__contains__ = get, has
    host_get, host_has, host_iter = HostVarsVars.__getitem__, HostVarsVars.__contains__, HostVarsVars.__iter__

    def get_of_host(self, name):
        memo.note(self._vars, name, self._vars.get(name, MISSING))
        memo.direct = True
        try:
            return host_get(self, name)
        finally:
            memo.direct = False

    def has_of_host(self, name):
        memo.note(self._vars, name, self._vars.get(name, MISSING))
        return host_has(self, name)

    def names_of_host(self):
        memo.impure()
        return host_iter(self)

    HostVarsVars.__getitem__, HostVarsVars.__contains__, HostVarsVars.__iter__ = get_of_host, has_of_host, names_of_host
    hosts = HostVars.__iter__

    def names(self):
        memo.impure()
        return hosts(self)

    HostVars.__iter__ = names


def watch_lookups(memo):
    """Has lookups noted that may not be remembered; spares a copy of all variables."""
    plain, now = Templar._lookup, Templar._now_datetime

    def lookup(self, name, *args, **kwargs):
        if memo.frame is not None:
            values = self._available_variables
            if name.rsplit('.', 1)[-1] not in PURE_LOOKUPS:
                memo.frame.pure = False
            for read in READ_BY_LOOKUPS:
                memo.note(values, read, values.get(read, MISSING))
        return plain(self, name, *args, **kwargs)

    def time(self, *args, **kwargs):
        memo.impure()
        return now(self, *args, **kwargs)

    Templar._lookup, Templar._now_datetime = lookup, time
    lookup_template.deepcopy = lambda values: dict(values)


def load_filters_once(guard):
    """Loads each filter and test once. A filter gives an unknown value where it gets one, or where its collection is not installed."""
    load, loaded = JinjaPluginIntercept.__getitem__, {}

    def load_once(self, name):
        key = (self._pluginloader.class_name, name)
        if key not in loaded:
            try:
                found = load(self, name)
            except TemplateSyntaxError:
                collection = name.rpartition('.')[0]
                if collection.count('.') != 1 or collection == 'ansible.builtin' or installed(collection):
                    raise
                guard.placeholders['%s (not installed)' % name] = 1

                def found(*_, **__):
                    return Unknown('the collection ' + collection)

            loaded[key] = passing(found) if self._pluginloader.class_name == 'FilterModule' else found
        return loaded[key]

    JinjaPluginIntercept.__getitem__ = load_once


def installed(collection):
    try:
        return importlib.util.find_spec('ansible_collections.' + collection) is not None
    except ModuleNotFoundError:
        return False


def passing(plain):
    """Makes a filter that gives an unknown value where it gets one."""
    @functools.wraps(plain)
    def of(*args, **kwargs):
        for value in args:
            if isinstance(value, Unknown):
                return Unknown(value.name)
        return plain(*args, **kwargs)

    return of
