"""Values that only the live node knows, such as what a command printed."""
from collections.abc import MutableMapping


class NeedsNode(Exception):
    """A decision depends on a value that only the live node knows."""


class Unknown(MutableMapping):
    """A value that only the node knows. Its parts are unknown too, but for those given as known.

    Its name says where it comes from, unless it is the node. In a rendered file it stands as its name; a decision that depends on it ends with NeedsNode, and the name is noted.
    """
    __UNSAFE__ = True  # Ansible's mark for values that are not templated themselves
    printing = False
    uses = 0  # how often one was used in a decision or printed
    touched = set()  # names of the unknown values that the last decisions depended on

    def __init__(self, name, known=None):
        self.__dict__.update(name=name, known=known or {})

    def _need(self, *_):
        Unknown.touched.add(self.name)
        Unknown.uses += 1
        raise NeedsNode('needs the node: ' + self.name)

    def __getitem__(self, key):
        if key in self.known:
            return self.known[key]
        return Unknown('%s.%s' % (self.name, key))

    def __getattr__(self, key):
        if key.startswith('__'):
            raise AttributeError(key)
        return self[key]

    def get(self, key, default=None):
        return self[key]

    def values(self):
        return ()  # Ansible looks for undefined and unsafe parts before it prints

    keys = items = values

    def __call__(self, *args, **kwargs):
        return Unknown(self.name)

    def __str__(self):
        if not Unknown.printing:
            self._need()
        Unknown.touched.add(self.name)
        Unknown.uses += 1
        return ('<needs %s>' if self.name.startswith('the collection ') else '<needs the node, %s>') % self.name

    def __deepcopy__(self, memo):
        return self

    def __copy__(self):
        return self

    def __repr__(self):
        return str(self)

    __setitem__ = __delitem__ = __iter__ = __len__ = __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _need
    __contains__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __mod__ = __rmod__ = __int__ = __float__ = __index__ = _need

    def __hash__(self):
        return id(self)
