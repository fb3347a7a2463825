"""What tasks do beside writing files whole: what they restart, which handlers they notify, which lines they change."""
import json
import re

from ansible.playbook.block import Block

SERVICES = ('systemd', 'systemd_service', 'service', 'sysvinit')
COMMANDS = ('command', 'shell', 'raw')
SYSTEMCTL = re.compile(r'\bsystemctl\s+(?:-\S+\s+)*(?:restart|reload-or-restart|try-restart)\s+([^;&|]+)')
POD = re.compile(r'\bcrictl\b.*?--name[= ]+[\'"]?([a-z0-9-]+).*?\b(?:stopp|rmp|stop|rm)\b', re.S)
DOCKER = re.compile(r'name=k8s_([a-z0-9-]+)')
KUBEADM = re.compile(r'\bkubeadm\b.*?\bupgrade\s+(?:apply|node)\b', re.S)
CONTROL_PLANE = ['pod kube-apiserver', 'pod kube-controller-manager', 'pod kube-scheduler']


def short(task):
    return task.action.rsplit('.', 1)[-1] if task.action.startswith('ansible.') else task.action


def as_list(value):
    return [] if value is None else value if isinstance(value, list) else [value]


class Effects:
    """The methods that a Walk has for it."""

    def patches(self, task, name, values, assumed):
        """Notes a file of which a task changes single lines: what it should be is not known."""
        try:
            args = self.args(task, values)
            dest = str(args.get('path') or args.get('dest') or args.get('name') or '')
        except Exception:
            dest = ''
        if dest.startswith('/'):
            host = str(self.templar(values).template(task.delegate_to)) if task.delegate_to else name
            self.patched.append({'host': host, 'dest': dest})
        return self.stand_in(task, values)

    task_lineinfile = task_blockinfile = task_replace = task_ini_file = patches

    def acts(self, task, kind):
        """Says whether a task may restart something, by itself or by a handler."""
        if task.notify or kind in SERVICES:
            return True
        return kind in COMMANDS and re.search(r'systemctl|crictl|docker|kubeadm', json.dumps(task.args, default=str)) is not None

    def note_step(self, task, name, values, assumed, needs):
        """Notes a task that restarts something if it changes something, and one on whose change others depend."""
        kind = short(task)
        if not (self.acts(task, kind) or task.register and (kind not in COMMANDS or assumed)):
            return
        if task.register and not task.notify and kind in ('stat', 'slurp', 'uri', 'set_fact', 'assert', 'fail', 'find', 'wait_for', 'debug'):
            return
        try:
            args = self.args(task, values)
        except Exception:
            args = {k: str(v) for k, v in task.args.items()}
        restarts = self.restarts(kind, args, values)
        step = {'host': name, 'on': name, 'task': task.get_name().strip(), 'register': task.register or '', 'changes': self.changes(task, kind, args, restarts),
                'file': str(args.get('dest') or '') if kind == 'template' or kind == 'copy' and not args.get('remote_src') else '',
                'digest': self.masker.digest(task.action + json.dumps(args, sort_keys=True, default=str) + str(values.get('kube_version') if KUBEADM.search(str(args)) else '')),
                'assumed': assumed, 'needs': needs, 'when': [str(c) for c in task.when or []], 'restarts': restarts, 'handlers': []}
        if task.delegate_to:
            try:
                step['on'] = str(self.templar(values).template(task.delegate_to))
            except Exception:
                pass
        for notify in as_list(task.notify):
            step['handlers'] += self.handled(str(notify), name)
        if restarts or step['handlers'] or task.register:
            self.steps.append(step)

    def changes(self, task, kind, args, restarts):
        """Says when a task counts as changed: never, always, where its arguments are other ones than in the old release, or unknown."""
        given = [str(c).lower() for c in as_list(task.changed_when)]
        if given:
            return 'never' if given in (['false'], ['no']) else 'always' if given in (['true'], ['yes']) else 'unknown'
        if kind in COMMANDS:
            return 'args' if 'creates' in args or 'removes' in args or restarts == CONTROL_PLANE else 'always'
        if kind in SERVICES:
            return 'always' if restarts else 'never'
        return 'args'

    def restarts(self, kind, args, values):
        """Names what a task restarts: unit NAME, or pod NAME for a static pod and its containers."""
        if kind in SERVICES:
            if str(args.get('state')) in ('restarted', 'reloaded') and args.get('name'):
                return ['unit ' + re.sub(r'\.service$', '', str(args['name']))]
            return []
        if kind not in COMMANDS:
            return []
        text = str(args.get('_raw_params') or args.get('cmd') or ' '.join(str(a) for a in as_list(args.get('argv'))))
        found = []
        for units in SYSTEMCTL.findall(text):
            found += ['unit ' + re.sub(r'\.service$', '', u) for u in units.split() if not u.startswith('-')]
        found += ['pod ' + n.rstrip('-') for n in POD.findall(text) + DOCKER.findall(text)]
        return found + (CONTROL_PLANE if KUBEADM.search(text) else [])

    def handled(self, notify, name):
        """Finds what the handlers of a name restart on a host, with those that they notify."""
        key = (id(self.play), notify, name)
        if key not in self.notified:
            self.notified[key] = []  # handlers may notify each other
            for handler in self.handlers():
                if notify not in [handler.name, handler.get_name()] + as_list(handler.listen):
                    continue
                self.notified[key] = self.notified[key] + self.of_handler(handler, name)
        return self.notified[key]

    def of_handler(self, handler, name):
        values = self.vars.of(handler, name)
        try:
            verdict = self.judge(handler, values)
        except Exception:
            verdict = None
        try:
            args = self.args(handler, values)
        except Exception:
            args = {k: str(v) for k, v in handler.args.items()}
        if verdict is False:
            return []
        found = [{'restarts': self.restarts(short(handler), args, values), 'assumed': verdict is None}]
        for notify in as_list(handler.notify):
            found += self.handled(str(notify), name)
        return [f for f in found if f['restarts']]

    def handlers(self):
        blocks = list(self.play.handlers or []) + self.play.compile_roles_handlers()
        while blocks:
            task = blocks.pop(0)
            if isinstance(task, Block):
                blocks = list(task.block) + blocks
            else:
                yield task
