"""What each kind of task means for the rendering. A task_NAME method handles one action on one host."""
import json
import os
import stat

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.inventory.group import Group
from ansible.inventory.host import Host
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.template import AnsibleEnvironment, Templar, generate_ansible_template_vars

from masks import innermost
from unknown import Unknown

LARGEST = 4 << 20  # bytes of one rendered file


class Tasks:
    def templar(self, values):
        return Templar(loader=self.loader, variables=values)

    def inventory_names(self, task):
        return [h.name for h in self.inventory.get_hosts(self.play.hosts)]

    def args(self, task, values):
        """Returns the arguments of a task, templated, without those omitted."""
        Unknown.touched.clear()
        args = self.templar(values).template(task.args)
        omit = values.get('omit')
        return {k: v for k, v in args.items() if not (isinstance(v, str) and v == omit)}

    # what sets variables

    def task_set_fact(self, task, name, values, assumed):
        facts, templar = {}, self.templar(values)
        for k, v in task.args.items():
            if k == 'cacheable':
                continue
            k = templar.template(k)
            Unknown.touched.clear()
            try:
                v = templar.template(v)
                if isinstance(v, str) and v.lower() in ('true', 'false', 'yes', 'no') and not C.DEFAULT_JINJA2_NATIVE:
                    v = boolean(v, strict=False)
            except Exception as e:
                if not self.unknown(e):
                    raise
                v = Unknown(k)
            if assumed and k in values:
                v = Unknown(k)
            facts[k] = v
        self.masker.learn({k: v for k, v in facts.items() if not isinstance(v, Unknown)})
        for n in self.hosts_of_facts(task, name, values):
            self.vars.set_facts(n, facts)
        return {'ansible_facts': facts, 'changed': False, 'failed': False}

    def hosts_of_facts(self, task, name, values):
        """Returns the hosts that get the facts of a task."""
        if task.delegate_to and task.delegate_facts:
            return [str(self.templar(values).template(task.delegate_to))]
        return self.inventory_names(task) if task.run_once else [name]

    def task_service_facts(self, task, name, values, assumed):
        return self.gathered(name, 'services')

    def task_package_facts(self, task, name, values, assumed):
        return self.gathered(name, 'packages')

    def gathered(self, name, fact):
        known = self.answers.get('facts', {}).get(fact)
        self.vars.gather(name, fact, Unknown(fact) if known is None else known)
        return {'changed': False, 'failed': False}

    def task_include_vars(self, task, name, values, assumed):
        args = self.args(task, values)
        source = args.get('file') or args.get('_raw_params')
        if not source:
            raise AnsibleError('include_vars of a folder is not followed')
        path = self.loader.path_dwim_relative_stack(task.get_search_path(), 'vars', source)
        data = self.loader.load_from_file(path) or {}
        if args.get('name'):
            data = {args['name']: data}
        for n in self.hosts_of_facts(task, name, values):
            self.vars.include(n, data)
        return {'ansible_facts': data, 'changed': False, 'failed': False}

    def task_group_by(self, task, name, values, assumed):
        args = self.args(task, values)
        key = str(args['key']).replace(' ', '-')
        self.add_to_group(name, key, args.get('parents', ['all']))
        return {'changed': False, 'failed': False}

    def task_add_host(self, task, name, values, assumed):
        args = self.args(task, values)
        groups = args.get('groups', args.get('groupname', args.get('group', [])))
        for group in groups.split(',') if isinstance(groups, str) else groups:
            host = args.get('name', args.get('hostname', args.get('host')))
            if host in self.inventory.hosts:
                self.add_to_group(host, group.strip(), ['all'])
        return {'changed': False, 'failed': False}

    def add_to_group(self, name, key, parents):
        if key in self.inventory.groups and self.inventory.get_host(name) in self.inventory.groups[key].get_hosts():
            return
        self.inventory.add_group(key)
        for parent in [parents] if isinstance(parents, str) else parents:
            self.inventory.add_group(parent)
            if parent != key and self.inventory.groups[key] not in self.inventory.groups[parent].child_groups:
                self.inventory.groups[parent].add_child_group(self.inventory.groups[key])
        self.inventory.groups[key].add_host(self.inventory.get_host(name))
        self.inventory.reconcile_inventory()
        self.inventory.clear_caches()
        self.vars.forget()

    # what includes tasks

    def task_include_tasks(self, task, name, values, assumed):
        Unknown.touched.clear()
        return {'include': self.templar(values).template(task.args.get('_raw_params') or task.args.get('file')), 'include_args': {}}

    task_include = task_include_tasks

    def task_include_role(self, task, name, values, assumed):
        return {'include_args': dict(task.args)}

    # what is judged

    def task_assert(self, task, name, values, assumed):
        that = task.args.get('that')
        if isinstance(that, str) and '{{' in that:
            that = self.templar(values).template(that)
        unknown = set()
        for condition in that if isinstance(that, list) else [that]:
            try:
                if not self.true(condition, values):
                    return self.check(task, name, values, 'unknown' if assumed else 'fails', condition)
            except Exception as e:
                if not self.unknown(e) and isinstance(e, AnsibleError):  # Ansible fails the task, too
                    return self.check(task, name, values, 'unknown' if assumed else 'fails', condition, said=innermost(str(e)))
                if not self.unknown(e):
                    raise
                unknown |= Unknown.touched
        return self.check(task, name, values, 'unknown' if unknown else 'passes', needs=unknown)

    def task_fail(self, task, name, values, assumed):
        return self.check(task, name, values, 'unknown' if assumed else 'fails')

    def task_validate(self, task, name, values, assumed):
        return self.check(task, name, values, 'unknown', needs={'the collection ansible.utils'})

    def check(self, task, name, values, verdict, condition='', needs=(), said=''):
        message = said
        if verdict == 'fails' and not said:
            message = task.args.get('fail_msg', task.args.get('msg')) or 'Assertion failed'
            try:
                message = self.templar(values).template(message)
            except Exception as e:
                message = str(message)
        title = task.get_name().strip()
        if '{{' in title:
            try:
                title = str(self.templar(values).template(title))
            except Exception:
                pass  # it stays as it is written
        self.checks.append({'host': name, 'task': title, 'where': self.where(task), 'verdict': verdict,
                            'condition': str(condition), 'message': self.masker.mask(str(message)), 'needs': sorted(needs)})
        return {'changed': False, 'failed': False}

    def task_pause(self, task, name, values, assumed):
        args = self.args(task, values)
        if 'prompt' in args or not ('seconds' in args or 'minutes' in args):
            self.prompts.append({'play': self.play.get_name(), 'prompt': str(args.get('prompt', 'pause'))})
        return {'changed': False, 'failed': False, 'user_input': ''}

    # what writes files

    def task_template(self, task, name, values, assumed):
        args = self.args(task, values)
        source = self.loader.path_dwim_relative_stack(task.get_search_path(), 'templates', args['src'])
        text = self.render(task, args, source, values)
        self.wrote(task, name, values, args, source, text, assumed)
        return self.stand_in(task, values)

    def render(self, task, args, source, values):
        """Renders a template as Ansible's template action does."""
        with open(source, encoding='utf-8') as f:
            data = f.read()
        search = []
        for p in list(values['ansible_search_path']) + [self.loader.get_basedir(), os.path.dirname(source)]:
            search += [os.path.join(p, 'templates'), p]
        values = dict(values)
        values.update(generate_ansible_template_vars(args.get('src'), source, args.get('dest')))
        newline = args.get('newline_sequence', '\n')
        newline = {'\\n': '\n', '\\r': '\r', '\\r\\n': '\r\n'}.get(newline, newline)
        options = {k: args.get(k) for k in ('block_start_string', 'block_end_string', 'variable_start_string', 'variable_end_string',
                                            'comment_start_string', 'comment_end_string')}
        templar = self.templar(values).copy_with_new_env(
            environment_class=AnsibleEnvironment, searchpath=search, newline_sequence=newline,
            trim_blocks=boolean(args.get('trim_blocks', True)), lstrip_blocks=boolean(args.get('lstrip_blocks', False)),
            available_variables=values, **options)
        Unknown.touched.clear()
        Unknown.printing = True
        try:
            text = self.memo.run((source, tuple(search), newline, tuple(options.values()), args.get('trim_blocks'), args.get('lstrip_blocks')), values, None,
                                 lambda: templar.do_template(data, preserve_trailing_newlines=True, escape_backslashes=False))
        finally:
            Unknown.printing = False
        text = '' if text is None else str(text)
        if len(text) > LARGEST:
            raise AnsibleError('the file would have %d MiB, more than the limit of %d' % (len(text) >> 20, LARGEST >> 20))
        return text

    def task_copy(self, task, name, values, assumed):
        args = self.args(task, values)
        answer = self.stand_in(task, values)
        if args.get('content') is not None:
            content = args['content']
            source, text = '', json.dumps(content) if isinstance(content, (dict, list)) else str(content)
        elif boolean(args.get('remote_src', False)) or 'src' not in args:
            return answer
        else:
            source = self.loader.path_dwim_relative_stack(task.get_search_path(), 'files', args['src'])
            if os.path.isdir(source) or os.path.getsize(source) > LARGEST:
                return answer
            with open(source, 'rb') as f:
                text = f.read().decode('utf-8', 'replace')
        self.wrote(task, name, values, args, source, text, assumed)
        return answer

    def task_command(self, task, name, values, assumed):
        """Takes what kubectl is to apply from its standard input for a file of that name."""
        item = values.get('item')
        if isinstance(item, str) and item.endswith('.j2'):
            Unknown.touched.clear()
            Unknown.printing = True
            try:
                text = str(self.templar(values).template(task.args['stdin'], convert_data=False))
            finally:
                Unknown.printing = False
            dest = self.templar(values).template("{{ kube_config_dir | default('/etc/kubernetes') }}/") + os.path.basename(item)[:-3]
            self.wrote(task, name, values, {'dest': dest}, '', text, assumed)
        return self.stand_in(task, values)

    def wrote(self, task, name, values, args, source, text, assumed):
        dest = str(args['dest'])
        if dest.endswith('/') and source:
            dest += os.path.basename(source)
        if task.delegate_to:
            name = str(self.templar(values).template(task.delegate_to))
        mode = args.get('mode')
        if isinstance(mode, int):
            mode = '%04o' % mode
        elif mode == 'preserve' and source:
            mode = '%04o' % stat.S_IMODE(os.stat(source).st_mode)
        notify = task.notify or []
        self.files.append({
            'host': name, 'dest': dest, 'mode': str(mode or ''), 'source': source[len(self.checkout) + 1:] if source.startswith(self.checkout + '/') else source,
            'task': task.get_name().strip(), 'where': self.where(task), 'notify': [str(n) for n in ([notify] if isinstance(notify, str) else notify)],
            'content': self.masker.mask(text), 'assumed': assumed, 'needs': sorted(Unknown.touched)})
