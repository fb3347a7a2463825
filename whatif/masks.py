"""Makes texts fit to show: masks secrets, and takes the cause out of an error. A digest stands in the place of a secret, so that
two texts can still be compared."""
import base64
import hashlib
import hmac
import re

SECRET_NAME = re.compile(r'(?i)(passw|secret|token|private_key|certificate_key|_key$|credential|api_key|auth_pass|_pass$)')
NOT_SECRET = re.compile(r'(?i)(_dir|_file|_path|_url|_name|_enabled|_version|_image|_repo|_tag|_checksum|_size|_ttl|_type|_backend|_namespace|_expiration)$')
PEM = re.compile(r'-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----', re.S)
SECRET_DATA = re.compile(r'(?m)^(data|stringData):[ \t]*\n((?:[ \t]+\S.*\n?|\n)+)')
SECRET_LINE = re.compile(r'(?m)^([ \t]+[^\s:#][^:\n]*:[ \t]+)(\S.*)$')


class Masker:
    def __init__(self, key):
        self.key, self.values = key, {}

    def digest(self, text):
        return '<secret %s>' % hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:12]

    def learn(self, value, name='', secret=False):
        """Takes the secrets out of a variable: what a name calls one, and what was vaulted."""
        if isinstance(value, dict):
            for k, v in list(value.items()):
                self.learn(v, str(k), secret)
        elif isinstance(value, (list, tuple)):
            for v in value:
                self.learn(v, name, secret)
        elif isinstance(value, str):
            named = SECRET_NAME.search(name) and not NOT_SECRET.search(name)
            if (secret or named) and len(value) >= 6 and '{{' not in value and '{%' not in value and not value.startswith(('/', '<')) and value.lower() not in ('secret', 'default'):
                self.values[value] = self.digest(value)
                self.values[base64.b64encode(value.encode()).decode()] = self.digest(value)

    def mask(self, text):
        text = PEM.sub(lambda m: self.digest(m.group()), text)
        for value in sorted(self.values, key=len, reverse=True):
            if value in text:
                text = text.replace(value, self.values[value])
        if re.search(r'(?m)^kind:\s*Secret\s*$', text):
            text = SECRET_DATA.sub(lambda m: m.group(1) + ':\n' + SECRET_LINE.sub(lambda l: l.group(1) + '"' + self.digest(l.group(2)) + '"', m.group(2)), text)
        return text


def innermost(text):
    """Takes the cause out of what Ansible puts around it: the templates on the way, and the text once more at the end."""
    text = ' '.join(text.split())
    for mark in ('original message: ', '}}: ', '}: '):
        text = text.rsplit(mark, 1)[-1]
    half = len(text) // 2
    if text[:half].rstrip('. ') == text[half:].lstrip('. ').rstrip('. '):
        text = text[:half].rstrip('. ')
    return text[:400]
