"""The variables of a task on a host, in Ansible's order of precedence.

Ansible's VariableManager puts all of them together anew at each task. Here each layer is made once and laid over the
others, which a test compares with what ansible-playbook sees.
"""
import inspect
import os

from ansible import constants as C
from ansible.utils.vars import combine_vars
from ansible.vars.hostvars import HostVars, HostVarsVars

from unknown import Unknown


class Variables:
    def __init__(self, walk):
        self.walk, self.manager, self.loader = walk, walk.manager, walk.loader
        self.extra = dict(walk.request.get('vars') or {})
        self.facts, self.included, self._inventory, self._low, self._magic = {}, {}, {}, {}, {}
        self._views, self.samples = {}, None
        self.hostvars = View(walk.inventory, walk.manager, walk.loader)
        self.hostvars.variables = self
        self._names = set(inspect.signature(walk.manager._get_magic_variables).parameters)

    def forget(self):
        """Reads the inventory anew, after a group was added."""
        self._inventory.clear()
        self._low.clear()
        self._magic.clear()
        for name in list(self._views):
            self.changed(name)
        self.walk.memo.forget()

    def changed(self, name):
        """Drops what hostvars said of a host."""
        view = self._views.pop(name, None)
        if view is not None:
            self.walk.memo.drop(view)

    def plain(self):
        return dict(self.extra, groups=self.walk.inventory.get_groups_dict(), hostvars=self.hostvars)

    def start_play(self, play):
        self.play = play
        self._low.clear()
        self._magic.clear()

    def inventory(self, name):
        if name not in self._inventory:
            host = self.walk.inventory.get_host(name)
            values = opaque(self.manager.get_vars(host=host, include_hostvars=False, include_delegate_to=False), name)
            self.follow(values)
            self._inventory[name] = values
        return self._inventory[name]

    def gather(self, name, fact, value):
        """Adds a fact that a module other than setup gathers."""
        values = self.inventory(name)
        values['ansible_facts'] = dict(values.get('ansible_facts', {}), **{fact: value})
        self.changed(name)
        self._low.clear()

    def follow(self, values):
        """Gives settings that are as the old sample has them the value of the new one, as carrying an inventory over does."""
        old, new = self.both_samples()
        for key, before in old.items():
            if key not in values or values[key] != before:
                continue
            if key not in new:
                del values[key]
                self.walk.followed[key] = [str(before), '']
            elif new[key] != before:
                values[key] = new[key]
                self.walk.followed[key] = [str(before), str(new[key])]

    def both_samples(self):
        if self.samples is None:
            old = self.walk.request.get('oldSample')
            new = self.walk.checkout + '/inventory/sample'
            self.samples = (sample(self.loader, old), sample(self.loader, new)) if old else ({}, {})
        return self.samples

    def of_host(self, name):
        """What hostvars says of a host."""
        view = self._views.get(name)
        if view is None:
            view = dict(self.inventory(name))
            lay(view, self.included.get(name, {}))
            lay(view, self.facts.get(name, {}))
            lay(view, self.extra)
            self._views[name] = view
            self.walk.memo.view(name, view)
        return view

    def of(self, task, name):
        role = task._role
        chain = task.get_dep_chain() if role else None
        key = (name, id(role), tuple(id(r) for r in chain or ()))
        low = self._low.get(key)
        if low is None:
            low = self._low[key] = self.lower(task, name, role, chain)
        values = dict(low[0])
        lay(values, task.get_vars())
        lay(values, self.included.get(name, {}))
        lay(values, self.facts.get(name, {}))
        lay(values, low[1])
        lay(values, task.get_include_params())
        lay(values, self.extra)
        values.update(low[2])
        search = task.get_search_path()
        if self.loader.get_basedir() not in search:
            search.append(self.loader.get_basedir())
        values['ansible_search_path'] = search
        values['environment'] = task.environment
        values['vars'] = dict(values)
        return values

    def lower(self, task, name, role, chain):
        """Makes the layers that do not change within a role: those below the task, the parameters, Ansible's own."""
        low = {}
        for r in self.play.get_roles():
            if getattr(r, 'public', True) is not False:
                lay(low, r.get_default_vars())
        if role:
            lay(low, role.get_default_vars(dep_chain=chain))
        lay(low, self.inventory(name))
        lay(low, self.play.get_vars())
        if not getattr(C, 'DEFAULT_PRIVATE_ROLE_VARS', False):
            for r in self.play.get_roles():
                if getattr(r, 'public', True) is not False:
                    lay(low, r.get_vars(include_params=False))
        params = {}
        if role:
            lay(low, role.get_vars(chain, include_params=False))
            params = role.get_role_params(chain)
        return low, params, self.magic(task, name)

    def magic(self, task, name):
        given = {'play': self.play, 'host': self.walk.inventory.get_host(name), 'task': task, 'include_hostvars': False, 'include_delegate_to': False}
        magic = dict(self.manager._get_magic_variables(**{k: v for k, v in given.items() if k in self._names}))
        magic['hostvars'] = self.hostvars
        return magic

    def get_vars(self, play=None, host=None, task=None, **_):
        """Answers Ansible's include handling, which asks a VariableManager."""
        return self.of(task, host.name)

    def set_facts(self, name, facts):
        self.facts.setdefault(name, {}).update(facts)
        self.changed(name)

    def include(self, name, values):
        self.included[name] = combine_vars(self.included.get(name, {}), values)
        self.changed(name)

    def register(self, task, name, result):
        for n in (self.walk.inventory_names(task) if task.run_once else [name]):
            self.set_facts(n, {task.register: result})


def sample(loader, path):
    """Reads what a sample inventory sets for all hosts."""
    found = {}
    for folder, _, names in sorted(os.walk(path + '/group_vars')):
        for name in sorted(names):
            if name.endswith(('.yml', '.yaml')):
                found.update(loader.load_from_file(os.path.join(folder, name)) or {})
    return found


class View(HostVars):
    """Ansible's hostvars, from the layers here."""

    def raw_get(self, host_name):
        if self._find_host(host_name) is None:
            return super().raw_get(host_name)
        return self.variables.of_host(host_name)


def lay(under, over):
    """Lays variables over others, merging dictionaries only where ansible.cfg says so."""
    if C.DEFAULT_HASH_BEHAVIOUR == 'merge' and over:
        merged = combine_vars(under, over)
        under.clear()
        under.update(merged)
    else:
        under.update(over)


def opaque(value, name):
    """Replaces vaulted values by a placeholder: whatif asks for no password."""
    from ansible.parsing.yaml.objects import AnsibleVaultEncryptedUnicode
    if isinstance(value, AnsibleVaultEncryptedUnicode):
        import hashlib
        return '<vaulted %s>' % hashlib.sha256(bytes(value._ciphertext)).hexdigest()[:12]
    if type(value) is dict or value.__class__.__name__ in ('AnsibleMapping', 'AnsibleUnsafeMapping'):
        for k, v in value.items():
            if isinstance(v, (dict, list, AnsibleVaultEncryptedUnicode)):
                value[k] = opaque(v, k)
    elif isinstance(value, list):
        for i, v in enumerate(value):
            value[i] = opaque(v, name)
    return value
