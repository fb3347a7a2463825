package event

// HintNote says what a hint is worth: its line has other causes too.
var HintNote = Text{En: "A hint: this line can have another cause. Look before you act.", Ja: "参考情報です。この行には別の原因もありえます。対処の前に確かめてください。"}
