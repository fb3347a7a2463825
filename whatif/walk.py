"""Walks a playbook as Ansible's linear strategy does, host by host at each task, without running a task."""
import os

import ansible
from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.executor.task_executor import TaskExecutor
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.mod_args import ModuleArgsParser
from ansible.playbook import Playbook
from ansible.playbook.base import Base
from ansible.playbook.block import Block
from ansible.playbook.conditional import Conditional
from ansible.playbook.helpers import load_list_of_blocks
from ansible.playbook.included_file import IncludedFile
from ansible.plugins import loader as plugin_loaders
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible.utils.vars import combine_vars
from ansible.vars.manager import VariableManager

from effects import Effects
from guard import TooLong
from masks import Masker, innermost
from memo import Memo, install
from quick import compile_once
from tasks import Tasks
from unknown import NeedsNode, Unknown
from variables import Variables


class Result:
    """What Ansible's include handling asks of the result of a task."""

    def __init__(self, host, task, result):
        self._host, self._task, self._result = host, task, result


class Unreadable(Exception):
    """The inventory cannot be read without running something."""


class Files(DataLoader):
    """Reads each file once, without the copy that Ansible makes at each use: nothing here changes what was read."""

    def load_from_file(self, file_name, **options):
        return super().load_from_file(file_name, **dict(options, unsafe=True))


def allow_missing_modules():
    """Parses tasks of modules that are not installed here: they never run."""
    plain = ModuleArgsParser.parse

    def parse(self, skip_action_validation=False):
        return plain(self, skip_action_validation=True)

    ModuleArgsParser.parse = parse
    resolve = Base._resolve_action

    def or_its_name(self, action_name, mandatory=True):
        try:
            return resolve(self, action_name, mandatory)
        except AnsibleError:
            return action_name

    Base._resolve_action = or_its_name


def filled(facts, name, address):
    """Fills the name and the address of a node into invented facts."""
    if isinstance(facts, dict):
        return {k: filled(v, name, address) for k, v in facts.items()}
    if isinstance(facts, list):
        return [filled(v, name, address) for v in facts]
    return facts.replace('NODE', name).replace('ADDRESS', address) if isinstance(facts, str) else facts


class Walk(Tasks, Effects):
    def __init__(self, request, guard):
        self.request, self.guard = request, guard
        self.checkout, self.answers = request['checkout'], request.get('answers', {})
        self.masker = Masker(bytes.fromhex(request.get('key', '')) or os.urandom(16))
        self.files, self.checks, self.failed, self.prompts, self.played, self.patched = [], [], [], [], [], []
        self.play, self.depth = None, 0
        self.open, self.steps, self.notified = set(), [], {}
        allow_missing_modules()
        compile_once()
        self.memo = Memo()
        install(self.memo, guard)
        self.loader = Files()
        self.loader.set_basedir(self.checkout)
        # sources of an inventory that run or fetch something are not among these
        C.config._base_defs.get('INVENTORY_ENABLED', {})['default'] = ['host_list', 'yaml', 'ini', 'toml']
        import ansible.inventory.manager as manager
        manager.C.INVENTORY_ENABLED = ['yaml', 'ini', 'toml', 'host_list']
        inventory = request['inventory']
        if os.path.isfile(inventory) and os.access(inventory, os.X_OK):
            with open(inventory, 'rb') as f:
                if f.read(2) == b'#!':
                    raise Unreadable('the inventory %s is a program, and whatif runs none: write its hosts to a file' % inventory)
        if hasattr(plugin_loaders, 'init_plugin_loader'):  # from ansible-core 2.15 on the commands call it, not the import
            plugin_loaders.init_plugin_loader()
        lookup_loader.get('vars', loader=self.loader, templar=None)  # loads the machinery before the guard closes
        guard.replace_lookups(lookup_loader)
        self.warm()
        self.plain_templar = Templar(loader=self.loader)
        guard.close(self.folders())
        self.inventory = InventoryManager(loader=self.loader, sources=[inventory])
        for name, settings in (request.get('settings') or {}).items():
            for key, value in settings.items():
                self.inventory.get_host(name).set_variable(key, value)
        release = ansible.__version__
        numbers = (release.split('.') + ['0', '0'])[:3]
        self.manager = VariableManager(loader=self.loader, inventory=self.inventory, version_info={
            'string': release, 'full': release, 'major': int(numbers[0]), 'minor': int(numbers[1]), 'revision': numbers[2]})
        self.manager._options_vars.update({  # as of a command without options
            'ansible_run_tags': ['all'], 'ansible_skip_tags': [], 'ansible_check_mode': False, 'ansible_diff_mode': False,
            'ansible_forks': C.DEFAULT_FORKS, 'ansible_inventory_sources': [inventory], 'ansible_verbosity': 0})
        self.followed = {}
        self.vars = Variables(self)
        self.memo.of_host = self.vars.of_host
        self.hosts = [h.name for h in self.inventory.get_hosts()]
        if not self.hosts:
            raise Unreadable('the inventory %s names no host that can be read from files' % inventory)

    def warm(self):
        """Loads what Ansible loads late and from elsewhere, while that is still allowed."""
        templar = Templar(loader=self.loader, variables={'a': ['x']})
        templar.template("{{ a | first | regex_replace('x', 'y') | ansible.builtin.b64encode }}")
        try:
            templar.template("{{ '10.0.0.0/8' | ansible.utils.ipaddr('net') }}")
        except Exception:
            pass  # not installed here; templates that use it say so

    def folders(self):
        inventory = self.request['inventory']
        yield self.checkout
        if self.request.get('oldSample'):
            yield self.request['oldSample']
        yield inventory if os.path.isdir(inventory) else os.path.dirname(inventory)
        yield os.path.dirname(os.path.abspath(__file__))
        for path in C.COLLECTIONS_PATHS:
            yield path

    def run(self):
        given, fixture = self.request.get('facts') or {}, self.request.get('fixture')
        addresses, invented = {}, []
        for number, name in enumerate(self.hosts):
            values = self.inventory.get_host(name).get_vars()
            found = [values.get(k) for k in ('ip', 'ansible_host', 'ansible_ssh_host', 'access_ip')]
            addresses[name] = sorted({a for a in found if isinstance(a, str) and '{' not in a})
            if given.get(name):
                self.manager.set_host_facts(name, dict(given[name]))
            elif fixture:
                invented.append(name)
                address = next((a for a in found if isinstance(a, str) and a[:1].isdigit()), '192.0.2.%d' % (number % 250 + 1))
                self.manager.set_host_facts(name, filled(fixture, name, address))
        for name in self.hosts:
            self.masker.learn(self.vars.inventory(name))
        books = Playbook.load(os.path.join(self.checkout, self.request['playbook']), variable_manager=self.manager, loader=self.loader)
        for play in books.get_plays():
            self.run_play(play)
        return {'hosts': self.hosts, 'addresses': addresses, 'invented': invented, 'followed': self.followed, 'groups': {k: v for k, v in self.inventory.get_groups_dict().items()}, 'files': self.files,
                'checks': self.checks, 'failed': self.failed, 'prompts': self.prompts, 'patched': self.patched, 'steps': self.steps}

    def run_play(self, play):
        templar = Templar(loader=self.loader, variables=self.vars.plain())
        pattern = templar.template(play.hosts)
        for p in play.vars_prompt or []:
            self.prompts.append({'play': play.get_name(), 'prompt': str(p.get('prompt') or p.get('name'))})
        names = [h.name for h in self.inventory.get_hosts(pattern)]
        if not names:
            return
        self.play = play
        play.hosts = pattern
        self.vars.start_play(play)
        for block in play.compile():
            self.run_block(block, names)

    def run_block(self, block, names):
        for part in (block.block, block.always):
            for task in part:
                if isinstance(task, Block):
                    self.run_block(task, names)
                else:
                    self.run_task(task, names)

    def run_task(self, task, names):
        if 'never' in task.tags or task.action in C._ACTION_META:
            return
        kind = task.action.rsplit('.', 1)[-1] if task.action.startswith('ansible.') else task.action
        method = getattr(self, 'task_' + kind, None)
        if kind == 'command' and 'stdin' not in task.args:
            method = None
        if method is None and not task.register and kind not in self.answers and not self.acts(task, kind):
            return  # nothing that is rendered can depend on it
        if task.run_once:
            names = names[:1]
        results = []
        for name in names:
            self.guard.start_clock()
            try:
                results.append((name, self.on_host(task, name, method)))
            except (NeedsNode, TooLong, MemoryError, RecursionError, Exception) as e:
                self.note_failure(task, name, e)
            finally:
                self.guard.stop_clock()
        if task.action in C._ACTION_ALL_INCLUDES:
            self.run_includes(task, results)

    def on_host(self, task, name, method):
        """Handles a task on a host: each item of its loop, as far as its conditions hold."""
        values = self.vars.of(task, name)
        loop = task.loop_with or task.loop is not None
        if not loop:
            result = self.once(task, name, values, method)
        else:
            result = self.each(task, name, values, method)
        if task.register:
            self.vars.register(task, name, result)
        return result

    def each(self, task, name, values, method):
        Unknown.touched.clear()
        try:
            items = self.items(task, values)
        except Exception as e:
            if self.unknown(e):
                return Unknown(task.register or 'items', {'failed': False})
            if self.judge(task, values, skip_unknown=True) is False:
                return {'skipped': True, 'changed': False}
            raise
        var = task.loop_control.loop_var if task.loop_control else 'item'
        index = task.loop_control.index_var if task.loop_control else None
        results = []
        for i, item in enumerate(items or []):
            inner = dict(values)
            inner[var if isinstance(var, str) else 'item'] = item
            if index:
                inner[index] = i
            inner['ansible_loop_var'] = var
            result = self.once(task, name, inner, method)
            if not isinstance(result, Unknown):
                result = dict(result)
                result[var], result['ansible_loop_var'] = item, var
                if index:
                    result[index], result['ansible_index_var'] = i, index
            else:
                result.known[var], result.known['ansible_loop_var'] = item, var
            results.append(result)
        return {'results': results, 'changed': any(not isinstance(r, Unknown) and r.get('changed') for r in results),
                'skipped': bool(results) and all(not isinstance(r, Unknown) and r.get('skipped') for r in results) or not results,
                'failed': False}

    def items(self, task, values):
        """Returns the items of a loop, by Ansible's own code."""
        executor = TaskExecutor.__new__(TaskExecutor)
        executor._task, executor._job_vars, executor._loader = task, values, self.loader
        executor._shared_loader_obj = plugin_loaders
        return executor._get_loop_items()

    def once(self, task, name, values, method):
        verdict = self.judge(task, values)
        if verdict is False:
            return {'skipped': True, 'changed': False, 'skip_reason': 'Conditional result was False'}
        self.note_step(task, name, values, verdict is None, sorted(self.open))
        if method is None:
            return self.stand_in(task, values)
        result = method(task, name, values, verdict is None)
        return {'changed': True, 'failed': False} if result is None else result

    def judge(self, task, values, skip_unknown=False):
        """Evaluates the conditions of a task: True, False, or None where only the node knows."""
        unknown, self.open = False, set()
        for condition in task.when or []:
            try:
                if not self.true(condition, values):
                    return False
            except Exception as e:
                if not self.unknown(e) and not skip_unknown:
                    raise
                unknown = True
                self.open |= Unknown.touched
        return None if unknown else True

    def true(self, condition, values):
        Unknown.touched.clear()
        if isinstance(condition, str) and '{{' not in condition and '{%' not in condition and condition not in values:
            # what Ansible does in the end, without its analysis of the text; what fails goes the whole way below
            presented = '{%% if %s %%} True {%% else %%} False {%% endif %%}' % condition
            try:
                self.plain_templar.available_variables = values
                got = self.plain_templar.template(presented, disable_lookups=hasattr(condition, '__UNSAFE__')).strip()
                if got in ('True', 'False'):
                    return got == 'True'
            except Exception as e:
                if self.unknown(e):
                    raise
        c = Conditional(loader=self.loader)
        c.when = [condition]
        return c.evaluate_conditional(Templar(loader=self.loader, variables=values), values)

    @staticmethod
    def unknown(e):
        return isinstance(e, NeedsNode) or bool(Unknown.touched) or 'not Unknown' in str(e) or "'Unknown'" in str(e)

    def stand_in(self, task, values):
        """Stands for what a module returns on the node."""
        action = task.action.rsplit('.', 1)[-1]
        known = {'failed': False, 'skipped': False, 'unreachable': False}
        if task.ignore_errors or task.failed_when:
            known.pop('failed')
        answer = self.answers.get('registers', {}).get(task.register)
        if answer is None:
            answer = self.answers.get('modules', {}).get(action)
        if answer is not None and answer.get('whole'):
            return {k: v for k, v in answer.items() if k != 'whole'}
        known.update(answer or {})
        return Unknown(task.register or action, known)

    def run_includes(self, task, results):
        if self.depth > 60:
            raise AnsibleError('includes lead into each other: %s' % task.get_path())
        made = []
        for name, result in results:
            if result is None or isinstance(result, Unknown):
                continue
            made.append(Result(self.inventory.get_host(name), task, result))
        if not made:
            return
        try:
            included = IncludedFile.process_include_results(made, self, self.loader, self.vars)
        except Exception as e:
            for r in made:
                self.note_failure(task, r._host.name, e)
            return
        self.depth += 1
        for f in included:
            try:
                blocks = self.load_included(f)
            except Exception as e:
                for h in f._hosts:
                    self.note_failure(task, h.name, e)
                continue
            for b in blocks:
                self.run_block(b, [h.name for h in f._hosts])
        self.depth -= 1

    @property
    def _play(self):  # Ansible's include handling asks for it by this name
        return self.play

    def load_included(self, f):
        copy = f._task.copy(exclude_parent=True)
        copy._parent = f._task._parent
        copy.vars = combine_vars(copy.vars, f._vars)
        if f._is_role:
            blocks, _ = copy.get_block_list(play=self.play, variable_manager=self.manager, loader=self.loader)
            return blocks
        data = self.loader.load_from_file(f._filename)
        if not data:
            return []
        return load_list_of_blocks(data, play=self.play, parent_block=copy.build_parent_block(), role=f._task._role,
                                   use_handlers=False, loader=self.loader, variable_manager=self.manager)

    def note_failure(self, task, name, e):
        """Notes a task that could not be followed on a host, with the reason."""
        reason = self.masker.mask(innermost(str(e))) or type(e).__name__
        if self.unknown(e):
            reason = 'needs the node: ' + ', '.join(sorted(Unknown.touched)) if Unknown.touched else reason
        self.failed.append({'host': name, 'task': task.get_name().strip(), 'where': self.where(task), 'reason': reason,
                            'kind': task.action.rsplit('.', 1)[-1], 'needsNode': self.unknown(e)})
        Unknown.touched.clear()

    def where(self, task):
        path = task.get_path() or ''
        return path[len(self.checkout) + 1:] if path.startswith(self.checkout + '/') else path
