"""Makes Jinja compile each text once. Ansible compiles it anew at each use, most of the time of a rendering."""
from jinja2 import environment


def compile_once():
    plain, made = environment.Environment.compile, {}

    def compile(self, source, name=None, filename=None, raw=False, defer_init=False):
        if not isinstance(source, str) or name is not None or filename is not None or raw:
            return plain(self, source, name, filename, raw, defer_init)
        key = (source, defer_init, type(self), self.block_start_string, self.variable_start_string, self.comment_start_string, self.block_end_string,
               self.variable_end_string, self.comment_end_string, self.trim_blocks, self.lstrip_blocks, self.newline_sequence,
               self.keep_trailing_newline, self.undefined, tuple(sorted(self.extensions)))
        code = made.get(key)
        if code is None:
            code = made[key] = plain(self, source, name, filename, raw, defer_init)
        return code

    environment.Environment.compile = compile
