package memo

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"spraydeck/event"
)

// input is what a draft asks the operator for.
type input struct{ name, prompt, value string }

// job is a step in the making: commands of one kind for one place.
type job struct {
	place
	event.Danger
	known    bool // what it can do
	commands []command
	special  *yaml.Node // the keys of a kind of its own
}

// addCommands makes steps of the commands of a block. Those for the same place that can do the same are one step; all for one place are,
// where one of them sets something up for the next.
func (m *reader) addCommands(list []command) {
	texts := m.texts()
	stateful := slices.ContainsFunc(list, func(c command) bool { return setsUp.MatchString(c.text) })
	var jobs []*job
	for _, c := range list {
		if name, value, ok := constant(c.text); ok {
			m.vars[name] = value
			continue
		}
		j := &job{place: where(c, texts), commands: []command{c}}
		j.Danger, j.known = dangerOf(c.text)
		m.specialize(j, c)
		if n := len(jobs); n > 0 {
			last := jobs[n-1]
			if last.special == nil && j.special == nil && last.hosts == j.hosts && (stateful || last.Danger == j.Danger && j.commands[0].comment == "") {
				last.commands = append(last.commands, c)
				last.known, last.sure = last.known && j.known, last.sure && j.sure
				if rank(j.Danger) > rank(last.Danger) {
					last.Danger = j.Danger
				}
				continue
			}
		}
		jobs = append(jobs, j)
	}
	m.noteChecklist()
	why := m.prose()
	for i, j := range jobs {
		title := j.commands[0].comment
		if title == "" && why != "" && len(jobs) == 1 {
			title = sentence(why)
		}
		if title == "" && i == 0 {
			title = m.section()
		}
		if title == "" {
			title = strings.SplitN(j.commands[0].text, "\n", 2)[0]
		}
		if i > 0 {
			why = ""
		}
		m.addJob(j, title, why)
	}
	if len(jobs) == 0 && why != "" {
		m.pending = []string{why} // the block only gave values
	}
}

// noteChecklist makes a note of its own of a list with boxes: it is to be ticked off before the commands after it.
func (m *reader) noteChecklist() {
	rest := m.pending
	last := -1
	for i, p := range m.pending {
		if box.MatchString(p) {
			last = i
		}
	}
	if last >= 0 {
		m.pending = m.pending[:last+1]
		m.flush()
		m.pending = rest[last+1:]
	}
}

var box = regexp.MustCompile(`^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s`)

// texts is what stands before a command, the nearest first: sentences of prose from the last one up, then headings.
func (m *reader) texts() []string {
	var list []string
	for _, p := range slices.Backward(m.pending) {
		parts := strings.FieldsFunc(plain(p), func(r rune) bool { return r == '。' || r == '\n' })
		slices.Reverse(parts)
		list = append(list, parts...)
	}
	for _, h := range slices.Backward(m.headings) {
		list = append(list, h)
	}
	return list
}

var (
	setsUp   = regexp.MustCompile(`(?m)^\s*(?:cd|export|source|\.|set|umask|pushd)\s|^\s*[A-Za-z_]\w*=\S*\s*$|^\s*[A-Za-z_]\w*=\$\(`)
	simple   = regexp.MustCompile(`^(?:export\s+)?([A-Z_][A-Z0-9_]*)=(?:"([^"$` + "`" + `]*)"|'([^']*)'|([^\s"'$` + "`" + `;&|()]*))$`)
	playbook = regexp.MustCompile(`^ansible-playbook\s+([^|;&>]*)$`)
	drains   = regexp.MustCompile(`^kubectl\s+(drain|cordon|uncordon)\s+([^-\s]\S*)((?:\s+--?\S+)*)$`)
	drained  = regexp.MustCompile(`^kubectl\s+(drain|cordon|uncordon)((?:\s+--?\S+)+)\s+([^-\s]\S*)$`)
	restart  = regexp.MustCompile(`^(?:reboot|shutdown\s+-r\s+(?:now|\+?0)|systemctl\s+reboot|init\s+6)$`)
	editor   = regexp.MustCompile(`^(?:vi|vim|nano|emacs|\$EDITOR)\s+(\S+)$`)
	talks    = begins(`vim?\s`, `nano\s`, `less\s`, `top\b`, `htop`, `do-release-upgrade`, `kubectl\s.*\bedit\b`, `kubectl\s.*\bexec\s.*-\w*t`, `dpkg-reconfigure`, `docker\s.*-\w*it`, `ssh\s`, `visudo`, `crontab\s+-e`, `k9s`)
)

// constant is a line that only gives a name a value. It becomes an input with that default.
func constant(line string) (name, value string, ok bool) {
	s := simple.FindStringSubmatch(line)
	if s == nil {
		return "", "", false
	}
	return s[1], s[2] + s[3] + s[4], true
}

// specialize gives a command a kind of step that knows more of it than the shell.
func (m *reader) specialize(j *job, c command) {
	line := strings.Join(strings.Fields(strings.ReplaceAll(bare(c.text), "\\\n", " ")), " ")
	node := func(word string) string { // a node in a key of YAML
		if text, _ := m.fill(word, false); text != word {
			return text
		}
		return escape(word)
	}
	verb, name, flags := "", "", ""
	if d := drains.FindStringSubmatch(line); d != nil {
		verb, name, flags = d[1], d[2], d[3]
	} else if d := drained.FindStringSubmatch(line); d != nil {
		verb, name, flags = d[1], d[3], d[2]
	}
	switch {
	case verb == "drain" && !strings.Contains(flags, "--dry-run") && !strings.Contains(flags, "="):
		keys := mapping("node", node(name))
		if strings.Contains(flags, "--force") {
			keys.Content = append(keys.Content, scalar("force"), boolean(true))
		}
		if strings.Contains(flags, "--delete-emptydir-data") || strings.Contains(flags, "--delete-local-data") {
			keys.Content = append(keys.Content, scalar("deleteEmptyDir"), boolean(true))
		}
		j.special = pair("drain", keys)
	case verb != "" && flags == "" && verb != "drain":
		j.special, j.Danger, j.known = pair(verb, scalar(node(name))), event.Changes, true
	case restart.MatchString(line) && j.hosts != "":
		j.special = pair("reboot", mapping("within", "15m"))
	case playbook.MatchString(line):
		j.special = m.playbook(line)
	case editor.MatchString(line) && j.hosts == "" && !strings.HasPrefix(editor.FindStringSubmatch(line)[1], "/") && !strings.Contains(line, "~"):
		j.special = pair("edit", scalar(escape(editor.FindStringSubmatch(line)[1])))
		j.Danger, j.known = event.Changes, true
	case talks.MatchString(line):
		text, _ := m.fill(c.text, true)
		j.special = pair("shell", scalar(text))
	}
}

// playbook is a call of ansible-playbook as a step of kind ansible, nil where it has options that it could not keep.
func (m *reader) playbook(line string) *yaml.Node {
	words, ok := split(strings.TrimPrefix(line, "ansible-playbook "))
	if !ok {
		return nil
	}
	keys, vars := map[string]string{}, yaml.Node{Kind: yaml.MappingNode}
	var options []string
	for i := 0; i < len(words); i++ {
		word, value, has := strings.Cut(words[i], "=")
		if !strings.HasPrefix(word, "--") {
			word, value, has = words[i], "", false
		}
		next := func() string {
			if !has && i+1 < len(words) {
				i++
				value = words[i]
			}
			text, _ := m.fill(value, false)
			return text
		}
		switch word {
		case "-i", "--inventory", "--inventory-file":
			m.inventory = next()
			keys["inventory"] = "${inputs.inventory}"
		case "-l", "--limit":
			keys["limit"] = next()
		case "-b", "--become":
			keys["become"] = "true"
		case "--become-user":
			if v := next(); v != "root" {
				options = append(options, "--become-user="+v)
			}
		case "-e", "--extra-vars":
			name, v, ok := strings.Cut(next(), "=")
			if !ok || strings.ContainsAny(v, " ") || strings.HasPrefix(name, "{") {
				return nil
			}
			vars.Content = append(vars.Content, scalar(name), scalar(v))
		case "-t", "--tags", "--skip-tags", "-u", "--user", "-f", "--forks", "--start-at-task", "--private-key":
			options = append(options, word+" "+quoted(next()))
		default:
			if strings.HasPrefix(word, "-") {
				options = append(options, quoted(words[i]))
			} else if keys["playbook"] != "" || !strings.HasSuffix(word, ".yml") && !strings.HasSuffix(word, ".yaml") {
				return nil
			} else {
				keys["playbook"], _ = m.fill(word, false)
			}
		}
	}
	if keys["playbook"] == "" || keys["inventory"] == "" {
		return nil
	}
	n := mapping("playbook", keys["playbook"], "inventory", keys["inventory"])
	if keys["become"] != "" {
		n.Content = append(n.Content, scalar("become"), boolean(true))
	}
	if keys["limit"] != "" {
		n.Content = append(n.Content, scalar("limit"), scalar(keys["limit"]))
	}
	if len(vars.Content) > 0 {
		n.Content = append(n.Content, scalar("vars"), &vars)
	}
	if len(options) > 0 {
		n.Content = append(n.Content, scalar("options"), scalar(strings.Join(options, " ")))
	}
	m.nodes = true // the inventory
	return pair("ansible", n)
}

func quoted(s string) string {
	if strings.ContainsAny(s, " '\"") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// split cuts a command line into words, as the shell does with quotes. ok is false where it does more.
func split(line string) (words []string, ok bool) {
	var word strings.Builder
	var quote rune
	in := false
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\n' || c == '\t':
			if in || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		case c == '`' || c == '(' || c == '\\':
			return nil, false
		default:
			word.WriteRune(c)
		}
	}
	if in || word.Len() > 0 {
		words = append(words, word.String())
	}
	return words, quote == 0
}

var (
	placeholder = regexp.MustCompile(`<([A-Za-z][A-Za-z0-9 _.-]*)>|\bNODE_?NAME\b|\bYOUR[_-][A-Z][A-Z_-]*\b`)
	ofNode      = regexp.MustCompile(`^(?:[a-z]+_)*(?:node|host)(?:_?name|_to_[a-z]+)?$`)
	shellVar    = regexp.MustCompile(`\$\{?([A-Z_][A-Z0-9_]*)\b\}?`)
	assigned    = regexp.MustCompile(`(?m)(?:^|[\s;(])(?:export\s+|read\s+(?:-\S+\s+)*|for\s+)?([A-Z_][A-Z0-9_]*)(?:=|\s+in\s)`)
	ofTheShell  = []string{"HOME", "USER", "PATH", "PWD", "KUBECONFIG", "EDITOR", "HOSTNAME", "SHELL", "LANG", "TMPDIR", "SUDO_USER", "UID", "RANDOM", "VIRTUAL_ENV"}
)

// fill replaces what the memo leaves open by inputs: <name>, and variables that it sets elsewhere or nowhere. In a script each gets a line
// in front that sets the variable, so that the memo's own quotes stay.
func (m *reader) fill(text string, script bool) (filled string, before []string) {
	var used []string
	inputOf := map[string]string{}
	use := func(name, prompt string) string {
		key := strings.ToLower(name)
		if m.vars[name] == "" && ofNode.MatchString(key) {
			key, prompt = "node", nodePrompt
		}
		m.need(input{key, prompt, m.vars[name]})
		inputOf[name] = key
		if !slices.Contains(used, name) {
			used = append(used, name)
		}
		return key
	}
	own := assigned.FindAllStringSubmatch(text, -1)
	sets := func(name string) bool {
		return slices.Contains(ofTheShell, name) || slices.ContainsFunc(own, func(a []string) bool { return a[1] == name })
	}
	keep := "\x00"
	text = placeholder.ReplaceAllStringFunc(text, func(s string) string {
		name := strings.ToUpper(strings.Trim(notID.ReplaceAllString(strings.ToLower(s), "_"), "_"))
		key := use(name, strings.Trim(s, "<>"))
		if script {
			return "$" + name
		}
		return keep + "{inputs." + key + "}"
	})
	if script {
		for _, v := range shellVar.FindAllStringSubmatch(text, -1) {
			if !sets(v[1]) && !slices.Contains(used, v[1]) {
				use(v[1], v[1])
			}
		}
		text = escape(text)
		for _, name := range used {
			before = append(before, name+"=${inputs."+inputOf[name]+"}")
		}
		return text, before
	}
	text = shellVar.ReplaceAllStringFunc(text, func(s string) string {
		name := shellVar.FindStringSubmatch(s)[1]
		if sets(name) {
			return s
		}
		return keep + "{inputs." + use(name, name) + "}"
	})
	return strings.ReplaceAll(escape(text), keep, "$"), nil
}

func (m *reader) need(i input) {
	if !slices.ContainsFunc(m.needs, func(o input) bool { return o.name == i.name }) {
		m.needs = append(m.needs, i)
	}
}

// addJob writes a job as a step.
func (m *reader) addJob(j *job, title, why string) {
	step := mapping("id", m.id(plain(title)), "title", escape(short(plain(title))))
	put := func(key string, value *yaml.Node) { step.Content = append(step.Content, scalar(key), value) }
	if why != "" {
		put("why", scalar(escape(why)))
	}
	kind := ""
	if j.special != nil {
		kind = j.special.Content[0].Value
	}
	onNode := j.hosts != "" && (kind == "" || kind == "shell" || kind == "reboot")
	if onNode {
		m.nodes = true
		if j.hosts == "${inputs.node}" {
			m.need(input{"node", nodePrompt, ""})
		}
		on := scalar(j.hosts)
		if j.Danger == event.Disrupts || j.Danger == event.Destroys || kind == "shell" || kind == "reboot" {
			on = mapping("each", j.hosts)
		}
		put("on", on)
	}
	if !j.sure && kind != "ansible" && kind != "drain" && kind != "cordon" && kind != "uncordon" && kind != "edit" {
		m.confirm(step, "where it runs")
	}
	if kind != "drain" && kind != "cordon" && kind != "uncordon" && kind != "edit" {
		if put("danger", scalar(string(j.Danger))); !j.known {
			m.confirm(step, "what it can do")
		}
	}
	if j.Danger == event.Disrupts || j.Danger == event.Destroys || kind == "drain" || kind == "reboot" {
		undo := "The memo does not say how."
		if kind == "drain" {
			undo = "kubectl uncordon the node; evicted pods do not come back by themselves."
		} else {
			m.confirm(step, "how to undo it")
		}
		put("undo", scalar(undo))
	}
	if j.special != nil {
		step.Content = append(step.Content, j.special.Content...)
		m.add(step)
		return
	}
	var lines, before []string
	for _, c := range j.commands {
		text, set := m.fill(c.text, true)
		for _, s := range set {
			if !slices.Contains(before, s) {
				before = append(before, s)
			}
		}
		lines = append(lines, text)
	}
	if len(lines) > 1 {
		before = append([]string{"set -e"}, before...)
	}
	text := scalar(strings.Join(append(before, lines...), "\n"))
	if strings.Contains(text.Value, "\n") {
		text.Style = yaml.LiteralStyle
	}
	if onNode {
		put("ssh", text)
	} else {
		put("command", text)
	}
	m.add(step)
}

const nodePrompt = "the node, by its name in the inventory"

// confirm marks a guess, above the step.
func (m *reader) confirm(step *yaml.Node, what string) {
	m.guesses++
	if step.HeadComment == "" {
		step.HeadComment = "# confirm: " + what
		return
	}
	step.HeadComment += ", " + what
}

// chooseSystem says what the runbook works on.
func (m *reader) chooseSystem(text string) {
	text = strings.ToLower(text)
	switch {
	case strings.Contains(text, "kubespray") || strings.Contains(text, "upgrade-cluster.yml"):
		m.system = "kubespray"
	case strings.Contains(text, "k3s"):
		m.system = "k3s"
	case strings.Contains(text, "kubeadm"):
		m.system = "kubeadm"
	case strings.Contains(text, "kubectl"):
		m.system = "kubernetes"
	default:
		m.system = "os"
	}
}

func (m *reader) document() *yaml.Node {
	title := m.title
	if title == "" {
		title = m.name
	}
	doc := mapping("apiVersion", "spraydeck/v1", "kind", "Runbook", "name", m.name, "title", escape(short(title)), "version", "0.1.0", "system", m.system)
	put := func(key string, value *yaml.Node) { doc.Content = append(doc.Content, scalar(key), value) }
	if m.nodes {
		def := m.inventory
		if def == "" || strings.Contains(def, "${") {
			def = map[bool]string{true: "inventory/mycluster/inventory.ini", false: "cluster"}[m.system == "kubespray"]
		}
		m.need(input{"inventory", "inventory file of Ansible; cluster takes the nodes of the cluster", def})
	}
	if len(m.needs) > 0 {
		inputs := &yaml.Node{Kind: yaml.MappingNode}
		for _, i := range m.needs {
			keys := mapping("prompt", escape(i.prompt))
			if i.value != "" {
				keys.Content = append(keys.Content, scalar("default"), scalar(escape(i.value)))
			}
			inputs.Content = append(inputs.Content, scalar(i.name), keys)
		}
		put("inputs", inputs)
	}
	if m.nodes {
		text := scalar("case ${inputs.inventory} in\ncluster) \"$${SPRAYDECK:-spraydeck}\" inventory nodes ;;\n*) ansible-inventory ${sources(inputs.inventory)} --list ;;\nesac")
		text.Style = yaml.LiteralStyle
		put("inventory", text)
	}
	phases := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range m.phases {
		n := mapping("title", escape(short(p.title)))
		n.Content = append(n.Content, scalar("steps"), &yaml.Node{Kind: yaml.SequenceNode, Content: p.steps})
		phases.Content = append(phases.Content, n)
	}
	put("phases", phases)
	return doc
}

func scalar(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func boolean(b bool) *yaml.Node {
	n := &yaml.Node{}
	_ = n.Encode(b)
	return n
}

func mapping(pairs ...string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		n.Content = append(n.Content, scalar(p))
	}
	return n
}

func pair(key string, value *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar(key), value}}
}
