package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"spraydeck/event"
	"spraydeck/runbook"
)

// How often the cluster is asked again, and how often a time that runs is drawn.
const (
	askAgain = 15 * time.Second
	oneTick  = time.Second
)

type (
	againTick struct{}
	clockTick struct{}
)

// What the operator meant on the screens of Home.
type (
	actChoose   struct{ Choice HomeChoice }
	actFindings struct{ Runbook string }
	actChain    struct{}
	actAgain    struct{} // look at all that is shown again
)

// homePage is a screen in front of Home.
type homePage interface {
	SetSize(w, h int)
	HandleKey(tea.KeyPressMsg) action
	Paste(string) bool
	View() string
	Keys() []Key
	Cursor() (x, y int, ok bool)
	Refresh() // the facts have changed
}

// homeModel is the root of Home: it routes, and sends for what is to be shown.
type homeModel struct {
	opts    Options
	data    HomeData
	fetcher *fetcher
	facts   *homeFacts
	look    look
	home    *homeView
	page    homePage // nil: Home itself
	help    *helpOver
	notice  string
	ticking bool
	later   func(time.Duration, tea.Msg) tea.Cmd // says a message when the time has come
	choice  HomeChoice
	w, h    int
}

func newHomeModel(data HomeData, o Options, e *fetcher) *homeModel {
	facts := &homeFacts{findings: map[string]*lookup[[]runbook.Finding]{}}
	l := newLook(o)
	m := &homeModel{opts: o, data: data, fetcher: e, facts: facts, look: l, home: newHomeView(l, o, facts)}
	m.later = func(d time.Duration, msg tea.Msg) tea.Cmd { return tea.Tick(d, func(time.Time) tea.Msg { return msg }) }
	m.notice = l.told(data.Notice)
	return m
}

// Init sends for everything at once.
func (m *homeModel) Init() tea.Cmd { return m.again() }

// again sends for everything but findings: these wait until it is known which are needed.
func (m *homeModel) again() tea.Cmd {
	now := m.opts.now()
	return tea.Batch(
		m.facts.checkout.start(m.fetcher, lookTime, now, "", m.data.Checkout),
		m.askCluster(),
		m.facts.books.start(m.fetcher, lookTime, now, "", m.data.Runbooks),
		m.facts.runs.start(m.fetcher, lookTime, now, "", m.data.Runs),
	)
}

func (m *homeModel) askCluster() tea.Cmd {
	return m.facts.cluster.start(m.fetcher, lookTime, m.opts.now(), "", m.data.Cluster)
}

// Update routes.
func (m *homeModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.resize()
	case tea.PasteMsg:
		m.front().Paste(msg.Content)
	case againTick:
		cmd = m.askCluster()
	case clockTick:
		m.ticking = false
		cmd = m.tick()
	case tea.KeyPressMsg:
		cmd = m.key(msg)
	default:
		cmd = m.heard(msg)
	}
	m.home.Refresh()
	if m.page != nil {
		m.page.Refresh()
	}
	return m, cmd
}

// heard takes the answers of lookups.
func (m *homeModel) heard(msg tea.Msg) tea.Cmd {
	now := m.opts.now()
	switch msg := msg.(type) {
	case found[HomeCheckout]:
		if m.facts.checkout.take(msg, now) {
			return m.wayOn()
		}
	case found[HomeCluster]:
		before := m.facts.cluster
		if m.facts.cluster.take(msg, now) {
			later := m.later(askAgain, againTick{})
			if !before.known || !sameCluster(before.value, msg.value) || (before.err == nil) != (msg.err == nil) {
				return tea.Batch(later, m.wayOn())
			}
			return later
		}
	case found[HomeNext]:
		if m.facts.next.take(msg, now) {
			return m.lookBeforehand()
		}
	case found[[]HomeRunbook]:
		m.facts.books.take(msg, now)
	case found[[]HomeSaved]:
		m.facts.runs.take(msg, now)
	case found[[]runbook.Finding]:
		m.facts.of(msg.of).take(msg, now)
	}
	return nil
}

// sameCluster reports whether the way on from two answers is the same.
func sameCluster(a, b HomeCluster) bool {
	return slices.EqualFunc(a.Nodes, b.Nodes, func(a, b event.Node) bool { return a.Version == b.Version && a.OS == b.OS })
}

// wayOn asks for the next hop as soon as checkout and cluster have both been heard of.
func (m *homeModel) wayOn() tea.Cmd {
	f := m.facts
	if m.data.Next == nil || !f.checkout.known || !f.cluster.known {
		return nil
	}
	seen := HomeSeen{f.checkout.value, f.checkout.err, f.cluster.value, f.cluster.err}
	return f.next.start(m.fetcher, lookTime, m.opts.now(), "", func(ctx context.Context) (HomeNext, error) { return m.data.Next(ctx, seen) })
}

// lookBeforehand starts the checkup of the runbook that fits, once. Without a cluster it could only report that.
func (m *homeModel) lookBeforehand() tea.Cmd {
	book := m.facts.fitting()
	if book == "" || m.facts.cluster.err != nil {
		return nil
	}
	if l := m.facts.of(book); l.busy || l.known {
		return nil
	}
	return m.checkup(book)
}

// checkup looks for the pitfalls of a runbook; one that is under way for it is cancelled.
func (m *homeModel) checkup(book string) tea.Cmd {
	if m.data.Findings == nil {
		return nil
	}
	start := m.facts.of(book).start(m.fetcher, checkupTime, m.opts.now(), book,
		func(ctx context.Context) ([]runbook.Finding, error) { return m.data.Findings(ctx, book) })
	return tea.Batch(start, m.tick())
}

// tick draws the time of what is under way, as long as anything is.
func (m *homeModel) tick() tea.Cmd {
	if m.ticking || !m.facts.busy() {
		return nil
	}
	m.ticking = true
	return m.later(oneTick, clockTick{})
}

// front is the screen that keys go to.
func (m *homeModel) front() homePage {
	if m.page != nil {
		return m.page
	}
	return m.home
}

func (m *homeModel) resize() {
	m.home.SetSize(m.w, max(0, m.h-1))
	if m.page != nil {
		m.page.SetSize(m.w, max(0, m.h-1))
	}
}

func (m *homeModel) key(msg tea.KeyPressMsg) tea.Cmd {
	m.notice = ""
	if m.help != nil {
		if _, done := m.help.HandleKey(msg).(closed); done {
			m.help = nil
		}
		return nil
	}
	if msg.String() == "ctrl+c" {
		return tea.Quit
	}
	switch a := m.front().HandleKey(msg).(type) {
	case actChoose:
		m.choice = a.Choice
		return tea.Quit
	case actFindings:
		return m.openFindings(a.Runbook)
	case actChain:
		m.open(newChainView(m.look, m.facts))
	case actAgain:
		if f, ok := m.page.(*findingsView); ok {
			return m.checkup(f.book)
		}
		if book := m.facts.fitting(); book != "" && m.facts.of(book).known {
			return tea.Batch(m.again(), m.checkup(book))
		}
		return m.again()
	case actBack:
		m.page = nil
	case actNotice:
		m.notice = m.look.say(a.Text)
	case nil:
		switch msg.String() {
		case "q":
			return tea.Quit
		case "?":
			m.help = &helpOver{newHelpScreen(m.look, m.opts.Version, m.keys())}
		}
	}
	return nil
}

func (m *homeModel) open(p homePage) {
	m.page = p
	m.resize()
}

// openFindings shows what a checkup of a runbook found; it starts one if there was none.
func (m *homeModel) openFindings(book string) tea.Cmd {
	m.open(newFindingsView(m.look, m.opts, m.facts, book))
	if l := m.facts.of(book); !l.busy && !l.known {
		return m.checkup(book)
	}
	return nil
}

func (m *homeModel) keys() []Key {
	keys := m.front().Keys()
	if _, _, typing := m.front().Cursor(); typing {
		return keys
	}
	return append(keys, Key{Keys: []string{"?"}, Help: sayHelp}, Key{Keys: []string{"q", "ctrl+c"}, Help: sayKeyQuit})
}

// View draws the screen.
func (m *homeModel) View() tea.View {
	last := m.look.keyLine(m.keys(), m.w)
	if m.notice != "" {
		last = fit(" "+m.look.Warning.Render("! "+m.notice), m.w)
	}
	content := m.front().View() + "\n" + last
	switch {
	case m.w < minWidth || m.h < minHeight:
		content = strings.Join(fill(wrap(m.look.say(sayTooSmall, m.w, m.h, minWidth, minHeight), m.w), m.w, m.h), "\n")
	case m.help != nil:
		content = m.help.View(m.w, m.h)
	}
	v := tea.NewView(content)
	v.AltScreen = true
	v.WindowTitle = "spraydeck"
	if x, y, ok := m.front().Cursor(); ok && m.help == nil {
		v.Cursor = tea.NewCursor(x, y)
	}
	return v
}
