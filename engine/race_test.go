//go:build race

package engine

// raceDetector says that the tests run under the race detector.
const raceDetector = true
