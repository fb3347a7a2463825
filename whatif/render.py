"""Renders what a Kubespray checkout would write on each node, with Ansible's own classes.

Reads a request as JSON on stdin and prints the answer as JSON on stdout. No task of the playbook runs and no node is
reached: see guard.py. The request: checkout, playbook, inventory (absolute paths), facts by host, extra variables, answers
that stand for what modules return, a key for digests, limits.
"""
import gc
import json
import os
import sys

sys.dont_write_bytecode = True


def main():
    gc.set_threshold(200_000, 50, 1000)  # nearly all that is read stays to the end
    request = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr  # Ansible prints warnings; only the answer goes to stdout
    from guard import Guard
    guard = Guard(request.get('seconds', 20), request.get('memory', 3 << 30))
    try:
        import ansible
        release = tuple(int(p) for p in ansible.__version__.split('.')[:2])
        if not (2, 12) <= release < (2, 19):
            raise RuntimeError('ansible-core %s is not supported: 2.12 to 2.18 are' % ansible.__version__)
        from walk import Walk
        answer = Walk(request, guard).run()
        answer['ansible'] = ansible.__version__
    except MemoryError:
        answer = {'error': 'needs more memory than the limit of %d MiB' % (request.get('memory', 3 << 30) >> 20)}
    except Exception as e:
        answer = {'error': ' '.join(str(e).split())[:2000] or type(e).__name__}
        if os.environ.get('WHATIF_TRACE'):
            raise
    answer['python'] = sys.version.split()[0]
    answer['refused'] = sorted(guard.refused)
    answer['placeholders'] = sorted(guard.placeholders)
    json.dump(answer, out)


if __name__ == '__main__':
    main()
