"""What tasks do to files beside writing them whole."""


class Effects:
    """A task_NAME method of these notes a file of which a task changes single lines: what it should be is not known."""

    def patches(self, task, name, values, assumed):
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
