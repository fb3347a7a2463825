// Package diff compares two texts by lines and by words.
//
// Compare pairs the lines of two texts; a Comparison is drawn in two columns (Rows, Hunks, ChangedSpans) or printed like
// diff -u (Unified).
package diff
